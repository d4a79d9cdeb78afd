/** Survivors judged by a person: no test can detect them, with the reason. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Mutant } from "./mutant.ts";

const judgedMutant = z.strictObject({
  file: z.string(),
  /**
   * The changed lines, joined into one. Line numbers are not stored, because they change too often.
   */
  before: z.string(),
  after: z.string(),
  /**
   * `equivalent`: no result differs. `slower`: it only takes more time or memory, which no test
   * asserts.
   */
  verdict: z.enum(["equivalent", "slower"]),
  why: z.string().min(1),
});

export type Judged = Readonly<z.infer<typeof judgedMutant>>;

export function readJudged(root: string): readonly Judged[] {
  return z
    .array(judgedMutant)
    .parse(JSON.parse(readFileSync(path.join(root, "test/mutants/judged.json"), "utf8")));
}

export function judgementOf(mutant: Mutant, judged: readonly Judged[]): Judged | undefined {
  return judged.find(
    ({ file, before, after }) =>
      file === mutant.file && before === mutant.before && after === mutant.after,
  );
}
