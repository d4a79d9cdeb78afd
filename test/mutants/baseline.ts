/**
 * Records which test files pass without a mutant, and how long they take. Only those can judge a
 * mutant.
 */

import type { Checkout } from "./checkout.ts";
import { trial } from "./trial.ts";

export interface Baseline {
  /** Returns those of the files that pass. Each is run on first use. */
  passing(files: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Milliseconds that they may take with a mutant before it counts as hanging. */
  timeoutMs(files: readonly string[]): number;
  /** Files that fail without a mutant. */
  readonly leftOut: ReadonlySet<string>;
}

/** A test file that takes longer fails. */
const mostMs = 300_000;
/** Allowance for a busy machine. */
const slack = 4;
const leastMs = 15_000;

export function baselineOf({ folder }: Checkout): Baseline {
  const durations = new Map<string, number>();
  const leftOut = new Set<string>();
  return {
    async passing(files, signal) {
      for (const file of files) {
        if (durations.has(file) || leftOut.has(file) || signal.aborted) continue;
        const { failures, timedOut, durationMs } = await trial({
          folder,
          files: [file],
          timeoutMs: mostMs,
          stopAtFailure: true,
          signal,
        });
        if (failures.length > 0 || timedOut) leftOut.add(file);
        else durations.set(file, durationMs);
      }
      return files.filter((file) => durations.has(file));
    },
    timeoutMs: (files) =>
      leastMs + slack * files.reduce((sum, file) => sum + (durations.get(file) ?? 0), 0),
    leftOut,
  };
}
