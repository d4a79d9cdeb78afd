/** Topping up the hold of a stream as its output grows, ahead of what has passed. */

import type { CallId } from "../domain/ledger/entry.ts";
import type { AnswerOf, Refusal } from "../domain/ledger/command.ts";
import { add, multiply, zero } from "../domain/money/money.ts";
import type { Progress } from "../wire/wire.ts";
import type { Estimate } from "./estimate.ts";
import type { Clock, Ledger } from "./ports.ts";

export interface SlicesOptions {
  readonly ledger: Pick<Ledger, "decide">;
  readonly clock: Clock;
  readonly call: CallId;
  readonly estimate: Estimate;
  /** Output tokens that the first hold covers. */
  readonly heldOutput: number;
  /** Output tokens after which the provider stops by itself. */
  readonly ceiling: number;
  readonly sliceTokens: number;
}

/**
 * Keeps the hold ahead of the stream by a quarter of a slice: what a provider generates between a refusal and the end of the
 * connection is then still covered.
 */
export class Slices {
  readonly #options: SlicesOptions;
  #heldOutput: number;
  #heldInput: number;
  #isAsking = false;

  constructor(options: SlicesOptions) {
    this.#options = options;
    this.#heldOutput = options.heldOutput;
    this.#heldInput = options.estimate.inputTokens;
  }

  /** Whether the hold should grow before more passes. Cheap: asked for every piece of a stream. */
  isNeeded(progress: Progress): boolean {
    if (this.#isAsking) return false;
    return this.#outputWanted(progress) > this.#heldOutput || (progress.inputTokens ?? 0) > this.#heldInput;
  }

  /** @returns The refusal, when no more is paid for than is held already. */
  async topUp(progress: Progress): Promise<Refusal | null> {
    this.#isAsking = true;
    try {
      const { sliceTokens, ceiling } = this.#options;
      const wanted = this.#outputWanted(progress);
      const input = Math.max(this.#heldInput, progress.inputTokens ?? 0);
      const generous = Math.min(ceiling, Math.max(wanted, this.#heldOutput + sliceTokens));
      const answer = await this.#ask({ input, output: generous });
      if (answer.admitted || generous === wanted) return answer.admitted ? null : answer.refusal;
      const exact = await this.#ask({ input, output: Math.max(wanted, this.#heldOutput) });
      return exact.admitted ? null : exact.refusal;
    } finally {
      this.#isAsking = false;
    }
  }

  #outputWanted({ outputTokens }: Progress): number {
    const { ceiling, sliceTokens } = this.#options;
    return Math.min(ceiling, outputTokens + Math.ceil(sliceTokens / 4));
  }

  async #ask({ input, output }: { readonly input: number; readonly output: number }): Promise<AnswerOf["top_up"]> {
    const { ledger, clock, call, estimate } = this.#options;
    const moreInput = Math.max(0, input - this.#heldInput);
    const moreOutput = Math.max(0, output - this.#heldOutput);
    const usd = estimate.rates ? add(multiply(estimate.rates.input, moreInput), multiply(estimate.rates.output, moreOutput)) : zero;
    const amount = { usd, tokens: BigInt(moreInput + moreOutput), requests: 0n };
    const answer = await ledger.decide({ kind: "top_up", at: clock.now(), ...call, amount });
    if (answer.admitted) {
      this.#heldInput += moreInput;
      this.#heldOutput += moreOutput;
    }
    return answer;
  }
}
