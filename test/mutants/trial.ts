/** Runs tests in a copy of the checkout, in a process group that ends with them. */

import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import readline from "node:readline";

export interface TestEnd {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  readonly durationMs: number;
}

export interface TrialOptions {
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
  readonly timeoutMs: number;
  /** Whether one failure is enough. */
  readonly stopAtFailure: boolean;
  readonly signal: AbortSignal;
}

export interface Trial {
  readonly failures: readonly TestEnd[];
  readonly timedOut: boolean;
  readonly durationMs: number;
}

const runner = path.join("test", "mutants", "run-tests.ts");

export async function trial({
  folder,
  files,
  timeoutMs,
  stopAtFailure,
  signal,
}: TrialOptions): Promise<Trial> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [runner, ...files.map((file) => path.join(folder, file))], {
    cwd: folder,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once("close", resolve).once("error", reject),
  );
  const failures: TestEnd[] = [];
  let timedOut = false;
  const stop = (): void => endGroup(child);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  for await (const line of readline.createInterface(child.stdout)) {
    const end = JSON.parse(line) as TestEnd;
    if (end.passed) continue;
    failures.push({ ...end, file: path.relative(folder, end.file).split(path.sep).join("/") });
    if (stopAtFailure) stop();
  }
  const code = await ended;
  stop();
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  if (code !== null && code !== 0 && failures.length === 0)
    throw new Error(`The tests did not run: ${runner} ended with ${code}`);
  return { failures, timedOut, durationMs: performance.now() - startedAt };
}

/** Kills the whole group: tests start servers, which would outlive the runner. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch (error) {
    // The group has already exited.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
