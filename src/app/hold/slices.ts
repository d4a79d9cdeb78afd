/** Keeps the hold of a stream ahead of its output, including what the provider may generate. */

import type { AnswerOf, Refusal, TopUpCommand } from "../../domain/ledger/command.ts";
import { nothing, type CallId } from "../../domain/ledger/entry.ts";
import { add, multiply, zero } from "../../domain/money/money.ts";
import type { PassedOutput } from "../../wire/answer/passed-output.ts";
import type { UsageMeter } from "../../wire/wire.ts";
import { bytesPerToken, type Estimate } from "./estimate.ts";
import { OutputCount, type CountContext } from "./output-count.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";

export interface SlicesOptions extends CountContext {
  readonly ledger: Pick<Ledger, "decide">;
  readonly clock: Clock;
  readonly call: CallId;
  /** Those of the hold; null if nothing has a price. */
  readonly rates: Estimate["rates"];
  readonly inputTokens: number;
  /** Output tokens covered by the first hold. */
  readonly heldOutput: number;
  /** Output tokens after which the provider stops by itself, if it respects the limit. */
  readonly ceiling: number;
  readonly sliceTokens: number;
  readonly meter: Pick<UsageMeter, "progress">;
  readonly output: PassedOutput;
}

/**
 * Covers each piece of a stream before it is passed on.
 *
 * While the budgets have room, each byte is held as a token, so no counting is needed. Once they
 * are tight, the output is counted and the hold follows the count. A reserve covers what the
 * provider generates until it notices that the connection was closed. A provider that keeps to its
 * ceiling never bills more than that, so no more is held; one that has passed it is covered like a
 * stream without a ceiling.
 */
export class Slices {
  readonly #options: SlicesOptions;
  readonly #count: OutputCount;
  #heldOutput: number;
  #heldInput: number;
  /** Whether a budget has refused a hold by bytes. */
  #isTight = false;
  #hasEnded = false;
  #mostBytes = 0;
  /** Position in the stream when its budgets were last asked whether it may continue. */
  #lookedAt = 0;

  constructor(options: SlicesOptions) {
    this.#options = options;
    this.#count = new OutputCount(options.output, options);
    this.#heldOutput = options.heldOutput;
    this.#heldInput = options.inputTokens;
  }

  /** The highest output bound computed from bytes: what a first slice should cover. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** The most bytes received within one round trip: the provider's speed. */
  get burstBytes(): number {
    return this.#count.burstBytes;
  }

  /**
   * Whether the hold covers the output and the reserve, and no check of the budgets is due. Must be
   * cheap: it runs for every piece of a stream.
   */
  takesPiece(): boolean {
    this.#count.seePiece(this.#options.clock.monotonic());
    this.#mostBytes = Math.max(this.#mostBytes, this.#options.output.mostTokens);
    return this.#isCovered() && !this.#isLookDue;
  }

  /**
   * Tops up until the hold is ahead again.
   *
   * @returns The refusal if no budget can pay for more; null on success, or if the call has ended
   *   in the meantime.
   */
  async cover(): Promise<Refusal | null> {
    while (!this.#hasEnded && (this.#isLookDue || !this.#isCovered())) {
      const refusal = await this.#step();
      if (refusal) return refusal;
    }
    return null;
  }

  #step(): Promise<Refusal | null> {
    if (this.#isLookDue) return this.#look();
    return this.#isTight ? this.#coverByCount() : this.#coverByBytes();
  }

  /** Whether the output so far is covered, even if the reserve is not. */
  get isPaid(): boolean {
    return this.#count.most <= this.#heldOutput;
  }

  /**
   * Output tokens to charge for a stream that never reported its usage: the expected count, up to
   * the hold. If the provider has passed its ceiling, at least what certainly arrived.
   *
   * @param closed Whether we closed the stream. The provider has then generated a little more than
   *   arrived.
   */
  async charged({ closed }: { readonly closed: boolean }): Promise<number> {
    await this.#count.update();
    const { least, expected, underway } = this.#count;
    const generated = Math.min(expected + (closed ? underway : 0), this.#heldOutput);
    return this.#isOver ? Math.max(generated, least) : Math.min(generated, this.#options.ceiling);
  }

  /** Call this before the hold ends. */
  end(): void {
    this.#hasEnded = true;
  }

  get #isLookDue(): boolean {
    return this.#mostBytes - this.#lookedAt > firstSlices * this.#options.sliceTokens;
  }

  /** A budget that was paused or reduced ends its streams. */
  async #look(): Promise<Refusal | null> {
    this.#lookedAt = this.#mostBytes;
    const answer = await this.#topUp({ amount: nothing, loose: false });
    return answer.admitted || this.#hasEnded ? null : answer.refusal;
  }

  async #coverByBytes(): Promise<Refusal | null> {
    const { sliceTokens, ceiling } = this.#options;
    const needed = this.#needed();
    const more = Math.max(
      firstSlices * sliceTokens,
      Math.min(this.#heldOutput, mostSlices * sliceTokens),
    );
    const isWorthIt = needed <= ceiling * bytesPerToken;
    const answer = isWorthIt
      ? await this.#ask(Math.max(needed, this.#heldOutput + more), { loose: true })
      : null;
    if (!answer?.admitted) this.#isTight = true;
    return null;
  }

  /** Tries a full slice; if that is refused, exactly what is needed. */
  async #coverByCount(): Promise<Refusal | null> {
    await this.#count.update();
    if (this.#hasEnded || this.#isCovered()) return null;
    const needed = this.#needed();
    const slice = Math.min(this.#options.ceiling, this.#heldOutput + this.#options.sliceTokens);
    if (slice > needed && (await this.#ask(slice)).admitted) return null;
    if (this.#hasEnded) return null;
    const exact = await this.#ask(Math.max(needed, this.#heldOutput));
    return exact.admitted || this.#hasEnded ? null : exact.refusal;
  }

  #isCovered(): boolean {
    return this.#needed() <= this.#heldOutput && this.#inputTokens <= this.#heldInput;
  }

  get #inputTokens(): number {
    return this.#options.meter.progress.inputTokens ?? 0;
  }

  /** At most the ceiling, unless the provider may have passed it. */
  #needed(): number {
    const { most, reserve, isExact } = this.#count;
    const isWithin = most <= this.#mostWithin || (isExact && !this.#isOver);
    return isWithin ? Math.min(this.#options.ceiling, most + reserve) : most + reserve;
  }

  /** Whether the provider has certainly passed its ceiling. */
  get #isOver(): boolean {
    return this.#count.least > this.#mostWithin;
  }

  /** Allows for rounding, and for where a long text was split for counting. */
  get #mostWithin(): number {
    const { ceiling } = this.#options;
    return ceiling + 1 + Math.floor(ceiling / 1000);
  }

  async #ask(
    output: number,
    { loose }: { readonly loose: boolean } = { loose: false },
  ): Promise<AnswerOf["top_up"]> {
    const { rates } = this.#options;
    const moreInput = Math.max(0, this.#inputTokens - this.#heldInput);
    const moreOutput = Math.max(0, output - this.#heldOutput);
    const usd = rates
      ? add(multiply(rates.input, moreInput), multiply(rates.output, moreOutput))
      : zero;
    const answer = await this.#topUp({
      amount: { usd, tokens: BigInt(moreInput + moreOutput), requests: 0n },
      loose,
    });
    if (answer.admitted) {
      this.#heldInput += moreInput;
      this.#heldOutput += moreOutput;
    }
    return answer;
  }

  #topUp(more: Pick<TopUpCommand, "amount" | "loose">): Promise<AnswerOf["top_up"]> {
    const { ledger, clock, call } = this.#options;
    return ledger.decide({ kind: "top_up", at: clock.now(), ...call, ...more });
  }
}

/** By bytes, a hold grows by four slices (about one by count), then doubles, up to sixteen. */
const firstSlices = 4;
const mostSlices = 16;
