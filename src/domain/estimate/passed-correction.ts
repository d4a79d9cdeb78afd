/** How many tokens are billed for each that a stream's bytes were taken for: the estimate of what passed is an upper one. */

import { Lately } from "./lately.ts";

/** Shorter streams say little. */
const leastTokens = 32;

/** Learns the highest share of one model that was billed lately. */
export class PassedCorrection {
  #learned: Lately | null = null;

  /** Above 0, and 1 at most: what was learned makes an upper estimate lower, and never higher. */
  get factor(): number {
    return this.#learned ? Math.min(1, this.#learned.bound) : 1;
  }

  learn({ passed, billed }: PassedSample): void {
    if (passed < leastTokens || billed <= 0) return;
    this.#learned ??= new Lately();
    this.#learned.add(billed / passed);
  }
}

export interface PassedSample {
  /** What the bytes of the stream were taken for, in tokens. */
  readonly passed: number;
  /** Output tokens that the provider reported in the end. */
  readonly billed: number;
}
