/** Examines one mutant: do the tests detect it? */

import path from "node:path";
import type { Baseline } from "./baseline.ts";
import type { Checkout } from "./checkout.ts";
import { testsOf, type Importers } from "./importers.ts";
import type { Mutant } from "./mutant.ts";
import { trial } from "./trial.ts";

/**
 * `room`: killed by tests in its folder. `wider`: killed by other tests that run it. `time`: the
 * tests timed out.
 */
export type Fate = "room" | "wider" | "time" | "survived";

export interface Examination {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** The test that killed it. */
  readonly killer?: string;
}

export interface Laboratory {
  readonly checkout: Checkout;
  readonly baseline: Baseline;
  readonly importers: Importers;
  /** The number of test files outside the folder to try, nearest first. */
  readonly wider: number;
  readonly signal: AbortSignal;
}

/** @returns undefined if the run was stopped meanwhile. */
export async function examine(
  mutant: Mutant,
  laboratory: Laboratory,
): Promise<Examination | undefined> {
  const { importers, signal } = laboratory;
  const tests = testsOf(mutant.file, importers);
  const inRoom = tests.filter(
    (file) => path.posix.dirname(file) === path.posix.dirname(mutant.file),
  );
  const wider = tests.filter((file) => !inRoom.includes(file)).slice(0, laboratory.wider);
  for (const stage of [
    { files: inRoom, fate: "room" as const },
    { files: wider, fate: "wider" as const },
  ]) {
    const end = await tryStage(mutant, stage.files, laboratory);
    if (signal.aborted) return undefined;
    if (end) return { mutant, fate: end.killer === undefined ? "time" : stage.fate, ...end };
  }
  return { mutant, fate: "survived" };
}

/** @returns undefined if all tests passed. */
async function tryStage(
  mutant: Mutant,
  asked: readonly string[],
  { checkout, baseline, signal }: Laboratory,
): Promise<{ readonly killer?: string } | undefined> {
  const files = await baseline.passing(asked, signal);
  if (files.length === 0) return undefined;
  const timeoutMs = baseline.timeoutMs(files);
  const { failures, timedOut } = await checkout.withText(
    { file: mutant.file, text: mutant.source },
    () => trial({ folder: checkout.folder, files, timeoutMs, stopAtFailure: true, signal }),
  );
  if (timedOut) return {};
  const [first] = failures;
  return first && { killer: `${first.file}: ${first.name}` };
}
