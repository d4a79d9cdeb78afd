/** Ends a process in order at the first signal, and at once at the second. */

import { constants } from "node:os";
import type { Output } from "./terminal/screen.ts";

const ending = ["SIGINT", "SIGTERM"] as const;

/**
 * A launcher hands on what the terminal has sent to everyone already, so that one Ctrl-C arrives several times:
 * what comes this soon after the first is the first again.
 */
const echoMs = 500;

/** Resolves at the first signal to end. From then on a further one ends the process without waiting. */
export async function untilSignalled(notes: Output): Promise<void> {
  const ended = abortOnSignal();
  await new Promise<void>((resolve) => ended.signal.addEventListener("abort", () => resolve()));
  notes.write("Stopping: calls under way are finished first. A second signal ends at once.\n");
}

/** Aborts at the first signal to end; the second ends the process. Call `release` when the work is over. */
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
