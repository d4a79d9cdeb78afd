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
  #hasEnded = false;
  #pieces = 0;
  #mostPassed = 0;

  constructor(options: SlicesOptions) {
    this.#options = options;
    this.#heldOutput = options.heldOutput;
    this.#heldInput = options.estimate.inputTokens;
  }

  /** What the bytes that passed were taken for at most, in tokens. */
  get mostPassed(): number {
    return this.#mostPassed;
  }

  /** Whether that says something about the bytes: of a stream that came all at once, only its usage was seen. */
  get isTelling(): boolean {
    return this.#pieces >= tellingPieces;
  }

  /** Output tokens that the hold had to cover at most. */
  get mostNeeded(): number {
    return this.#counted(this.#mostPassed);
  }

  /** Whether the hold should grow before more passes. Cheap: asked once for every piece of a stream. */
  isNeeded(progress: Progress): boolean {
    this.#pieces += 1;
    this.#mostPassed = Math.max(this.#mostPassed, progress.outputTokens);
    return !this.#isAsking && this.#isShort(progress);
  }

  /**
   * Asks until the hold is ahead again: more may have passed by the time of an answer.
   *
   * @param progress How far the stream is at the moment.
   * @returns The refusal, when no more is paid for than is held already; null too when the call ended meanwhile.
   */
  async topUp(progress: () => Progress): Promise<Refusal | null> {
    this.#isAsking = true;
    try {
      while (!this.#hasEnded && this.#isShort(progress())) {
        const refusal = await this.#askFor(progress());
        if (refusal) return refusal;
      }
      return null;
    } finally {
      this.#isAsking = false;
    }
  }

  /**
   * Output tokens to charge for a stream whose usage never came. The figure lies somewhere between what the bytes can be at most
   * and at least; in between, what is held is taken, since that much was agreed on.
   */
  judge(passed: number): number {
    return Math.max(Math.min(this.#counted(passed), this.#heldOutput), Math.ceil(passed * leastShare));
  }

  /** To be called before the hold ends. */
  end(): void {
    this.#hasEnded = true;
  }

  #isShort(progress: Progress): boolean {
    return this.#outputWanted(progress) > this.#heldOutput || (progress.inputTokens ?? 0) > this.#heldInput;
  }

  /** Asks for a slice, and where nobody pays for all of it, for what is wanted. */
  async #askFor(progress: Progress): Promise<Refusal | null> {
    const { sliceTokens, ceiling } = this.#options;
    const wanted = this.#outputWanted(progress);
    const input = Math.max(this.#heldInput, progress.inputTokens ?? 0);
    const generous = Math.max(wanted, Math.min(ceiling, this.#heldOutput + sliceTokens));
    const answer = await this.#ask({ input, output: generous });
    if (answer.admitted || this.#hasEnded) return null;
    if (generous === wanted) return answer.refusal;
    const exact = await this.#ask({ input, output: Math.max(wanted, this.#heldOutput) });
    return exact.admitted ? null : exact.refusal;
  }

  /** No more than the provider was allowed, unless it does not keep to that. */
  #outputWanted({ outputTokens }: Progress): number {
    const { ceiling, sliceTokens } = this.#options;
    const wanted = this.#counted(outputTokens) + Math.ceil(sliceTokens / 4);
    return isSurelyOver(outputTokens, ceiling) ? wanted : Math.min(ceiling, wanted);
  }

  #counted(passed: number): number {
    return Math.ceil(passed * this.#options.estimate.passedFactor);
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

/** Whether output whose bytes were taken for `passed` tokens at most is more than `ceiling` however long its words are. */
export function isSurelyOver(passed: number, ceiling: number): boolean {
  return passed * sureShare > ceiling;
}

const tellingPieces = 8;

/** Of what the bytes are taken for at most (a token for three of them), what they are at least: one for five. */
const leastShare = 3 / 5;

/** A token for ten: prose of any language stays above that, and an honest provider must never be taken for one that does not keep a ceiling. */
const sureShare = 3 / 10;
