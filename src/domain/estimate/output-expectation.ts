/** How much output calls have needed lately: an answer that is limited to that much is hardly worse for it. */

import { Lately } from "./lately.ts";

/** Learns the most output tokens of one model that were generated lately, by the most that the call asked for over all choices. */
export class OutputExpectation {
  readonly #byCeiling = new Map<number, Lately>();

  /** @returns null when no such call has ended. */
  expected(ceiling: number): number | null {
    return this.#byCeiling.get(ceiling)?.most ?? null;
  }

  learn(ceiling: number, outputTokens: number): void {
    let learned = this.#byCeiling.get(ceiling);
    if (!learned) {
      if (this.#byCeiling.size >= maxCeilings) this.#byCeiling.clear();
      this.#byCeiling.set(ceiling, (learned = new Lately()));
    }
    learned.add(outputTokens);
  }
}

/** Made-up ceilings cannot fill the memory. */
const maxCeilings = 100;
