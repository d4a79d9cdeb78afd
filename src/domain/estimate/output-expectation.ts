/**
 * Estimates how much output a call needs from recent calls; limiting an answer to that rarely cuts
 * it short.
 */

import { Memo } from "../memo.ts";
import { Lately } from "./lately.ts";

/** Made-up ceilings cannot fill the memory. */
const maxCeilings = 100;

/**
 * Tracks the recent maximum of output tokens of one model, grouped by the ceiling of the call over
 * all choices.
 */
export class OutputExpectation {
  readonly #byCeiling = new Memo<number, Lately>(maxCeilings);

  /** @returns null when no such call has completed. */
  expected(ceiling: number): number | null {
    return this.#byCeiling.get(ceiling)?.most ?? null;
  }

  learn(ceiling: number, outputTokens: number): void {
    const learned = this.#byCeiling.get(ceiling) ?? this.#byCeiling.keep(ceiling, new Lately());
    learned.add(outputTokens);
  }
}
