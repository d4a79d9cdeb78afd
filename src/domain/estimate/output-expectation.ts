/** How much output calls have needed lately: an answer that is limited to that much is hardly worse for it. */

import { Lately } from "./lately.ts";

export interface OutputSample {
  readonly provider: string;
  readonly model: string;
  /** The most output tokens that the call asked for, over all choices. */
  readonly ceiling: number;
}

/** Learns the most output tokens that were generated lately, per provider, model and ceiling. */
export class OutputExpectation {
  readonly #learned = new Map<string, Lately>();

  /** @returns null when no such call has ended. */
  expected(sample: OutputSample): number | null {
    return this.#learned.get(keyOf(sample))?.most ?? null;
  }

  learn(sample: OutputSample, outputTokens: number): void {
    const key = keyOf(sample);
    let learned = this.#learned.get(key);
    if (!learned) {
      if (this.#learned.size >= maxKeys) this.#learned.clear();
      this.#learned.set(key, (learned = new Lately()));
    }
    learned.add(outputTokens);
  }
}

/** Made-up ceilings cannot fill the memory. */
const maxKeys = 10_000;

function keyOf({ provider, model, ceiling }: OutputSample): string {
  return `${provider}\n${model}\n${ceiling}`;
}
