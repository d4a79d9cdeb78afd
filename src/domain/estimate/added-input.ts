/**
 * Learns how much input a provider bills beyond what was sent, such as its own instructions and
 * tool prompts.
 */

import { Lately } from "./lately.ts";

/**
 * Tracks the recent maximum billed by one model above the bound of what was sent. It only ever
 * raises a hold.
 */
export class AddedInput {
  #most: Lately | null = null;

  /**
   * Whether any call to the model has been billed; until then a hold relies on the provider's
   * documentation.
   */
  get isKnown(): boolean {
    return this.#most !== null;
  }

  /** Tokens to hold on top of the bound; 0 until a bill exceeds it. */
  get tokens(): number {
    return this.#most?.most ?? 0;
  }

  learn({ bound, billed }: { readonly bound: number; readonly billed: number }): void {
    this.#most ??= new Lately();
    this.#most.add(Math.max(0, billed - bound));
  }
}
