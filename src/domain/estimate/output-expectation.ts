/** How much output calls have needed lately: an answer that is limited to that much is hardly worse for it. */

import { Memo } from "../memo.ts";
import { Lately } from "./lately.ts";

/** Made-up ceilings cannot fill the memory. */
const maxCeilings = 100;

/** Learns the most output tokens of one model that were generated lately, by the most that the call asked for over all choices. */
export class OutputExpectation {
  readonly #byCeiling = new Memo<number, Lately>(maxCeilings);

  /** @returns null when no such call has ended. */
  expected(ceiling: number): number | null {
    return this.#byCeiling.get(ceiling)?.most ?? null;
  }

  learn(ceiling: number, outputTokens: number): void {
    const learned = this.#byCeiling.get(ceiling) ?? this.#byCeiling.keep(ceiling, new Lately());
    learned.add(outputTokens);
  }
}
