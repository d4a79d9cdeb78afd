/** Input that a provider bills beyond what was sent: instructions of its own, tools as it writes them. */

import { Lately } from "./lately.ts";

/** Learns the most that one model was billed lately above the bound of what was sent. It only ever raises a hold. */
export class AddedInput {
  #most: Lately | null = null;

  /** Whether any call of the model has been billed, so that a hold rests on more than what its provider documents. */
  get isKnown(): boolean {
    return this.#most !== null;
  }

  /** Tokens to hold besides the bound; 0 as long as no bill exceeded it. */
  get tokens(): number {
    return this.#most?.most ?? 0;
  }

  learn({ bound, billed }: { readonly bound: number; readonly billed: number }): void {
    this.#most ??= new Lately();
    this.#most.add(Math.max(0, billed - bound));
  }
}
