/** Keeping the hold of a stream ahead of what has passed and of what its provider may be generating meanwhile. */

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
  readonly estimate: Pick<Estimate, "rates" | "inputTokens">;
  /** Output tokens that the first hold covers. */
  readonly heldOutput: number;
  /** Output tokens after which the provider stops by itself, if it does as it was asked. */
  readonly ceiling: number;
  readonly sliceTokens: number;
  readonly meter: Pick<UsageMeter, "progress">;
  readonly output: PassedOutput;
}

/**
 * Covers each piece of a stream before it is passed on.
 *
 * As long as budgets have room, a byte is held as a token, which needs no counting. Where they have not, what passed is counted,
 * and the hold follows the count. Beyond what passed, a reserve is held for what the provider generates until it notices that the
 * connection was closed. A provider that keeps to its ceiling never bills more than that, so no more is held; one that is seen
 * to have passed it has to be covered like any other.
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
  /** How far the stream had come when its budgets were last asked whether it may go on. */
  #lookedAt = 0;

  constructor(options: SlicesOptions) {
    this.#options = options;
    this.#count = new OutputCount(options.output, options);
    this.#heldOutput = options.heldOutput;
    this.#heldInput = options.estimate.inputTokens;
  }

  /** The most that the output was taken for by its bytes: what a first slice should cover. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** The most bytes that came within a round trip: how fast the provider is. */
  get burstBytes(): number {
    return this.#count.burstBytes;
  }

  /**
   * Whether the hold covers all that has come, and the reserve, and its budgets were asked lately whether it may go on. Cheap: asked
   * once for every piece of a stream.
   */
  takesPiece(): boolean {
    this.#count.seePiece(this.#options.clock.monotonic());
    this.#mostBytes = Math.max(this.#mostBytes, this.#options.output.mostTokens);
    return this.#isCovered() && !this.#isLookDue;
  }

  /**
   * Asks until the hold is ahead again.
   *
   * @returns The refusal, when no budget pays for more than is held already; null too when the call ended meanwhile.
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

  /** Whether what has come is covered, although the reserve is not. */
  get isPaid(): boolean {
    return this.#count.most <= this.#heldOutput;
  }

  /**
   * Output tokens to charge for a stream whose usage never came: what is expected, as far as that is held; and no less than what has
   * surely come of a provider that passed its ceiling.
   *
   * @param closed Whether the stream was closed from this side: its provider has then generated a little more than has come.
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

  /** A budget that was paused, or shrank, ends the streams that it holds for. */
  async #look(): Promise<Refusal | null> {
    this.#lookedAt = this.#mostBytes;
    const answer = await this.#topUp({ amount: nothing, loose: false });
    return answer.admitted || this.#hasEnded ? null : answer.refusal;
  }

  async #coverByBytes(): Promise<Refusal | null> {
    const { sliceTokens, ceiling } = this.#options;
    const needed = this.#needed();
    const more = Math.max(firstSlices * sliceTokens, Math.min(this.#heldOutput, mostSlices * sliceTokens));
    const isWorthIt = needed <= ceiling * bytesPerToken;
    const answer = isWorthIt ? await this.#ask(Math.max(needed, this.#heldOutput + more), { loose: true }) : null;
    if (!answer?.admitted) this.#isTight = true;
    return null;
  }

  /** Asks for a slice, and if the budgets cannot pay for all of it, for what is needed. */
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

  /** No more than the ceiling, unless the provider may have passed it. */
  #needed(): number {
    const { most, reserve, isExact } = this.#count;
    const isWithin = most <= this.#mostWithin || (isExact && !this.#isOver);
    return isWithin ? Math.min(this.#options.ceiling, most + reserve) : most + reserve;
  }

  /** Whether the provider has surely passed its ceiling. */
  get #isOver(): boolean {
    return this.#count.least > this.#mostWithin;
  }

  /** A token more than the ceiling may be a matter of rounding, and of where a long text was split to be counted. */
  get #mostWithin(): number {
    const { ceiling } = this.#options;
    return ceiling + 1 + Math.floor(ceiling / 1000);
  }

  async #ask(output: number, { loose }: { readonly loose: boolean } = { loose: false }): Promise<AnswerOf["top_up"]> {
    const { rates } = this.#options.estimate;
    const moreInput = Math.max(0, this.#inputTokens - this.#heldInput);
    const moreOutput = Math.max(0, output - this.#heldOutput);
    const usd = rates ? add(multiply(rates.input, moreInput), multiply(rates.output, moreOutput)) : zero;
    const answer = await this.#topUp({ amount: { usd, tokens: BigInt(moreInput + moreOutput), requests: 0n }, loose });
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

/** By bytes a hold grows in steps of four slices, which are about one by count, and doubles up to sixteen. */
const firstSlices = 4;
const mostSlices = 16;
