/** Shuts a process down cleanly at the first signal, and at once at the second. */

import { constants } from "node:os";
import type { Output } from "./terminal/screen.ts";

const ending = ["SIGINT", "SIGTERM"] as const;

/**
 * A launcher forwards signals that the terminal has already sent to all processes, so one Ctrl-C
 * arrives several times. A signal this soon after the first is the same one.
 */
const echoMs = 500;

/** Resolves at the first termination signal. The next one ends the process at once. */
export async function untilSignalled(notes: Output): Promise<void> {
  const ended = abortOnSignal();
  await new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve()));
  notes.write("Stopping: finishing calls in flight. A second signal stops at once.\n");
}

/** Aborts at the first termination signal; a second ends the process. Call `release` when done. */
export function abortOnSignal(): { readonly signal: AbortSignal; abort(): void; release(): void } {
  const controller = new AbortController();
  let firstAt = 0;
  const handlers = ending.map((name) => ({
    name,
    handle: () => {
      if (controller.signal.aborted && performance.now() - firstAt > echoMs)
        process.exit(128 + constants.signals[name]);
      if (controller.signal.aborted) return;
      firstAt = performance.now();
      controller.abort();
    },
  }));
  for (const { name, handle } of handlers) process.on(name, handle);
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    release: () => {
      for (const { name, handle } of handlers) process.off(name, handle);
    },
  };
}
