/** Estimates how many tokens a stream has produced: from its bytes at first, then from counts. */

import type { Tokenizer } from "../../domain/estimate/tokenizer.ts";
import type { PassedOutput } from "../../wire/answer/passed-output.ts";
import type { Observer } from "../port/observer.ts";
import type { TokenCounter, TokenRange } from "../port/token-counter.ts";

export interface CountContext {
  readonly counter: TokenCounter;
  readonly tokenizer: Tokenizer;
  readonly observer: Pick<Observer, "failed">;
}

interface CountedPart extends TokenRange {
  readonly bytes: number;
}

/**
 * Text counted since the provider's last report, and the position up to which no recount is needed.
 */
interface Counted extends CountedPart {
  readonly settled: CountedPart;
}

const nothing: CountedPart = { bytes: 0, least: 0, expected: 0, most: 0 };
const nothingCounted: Counted = { ...nothing, settled: nothing };

export class OutputCount {
  readonly #output: PassedOutput;
  readonly #context: CountContext;
  #counted = nothingCounted;
  /** The provider's count at the time of our own count. */
  #reported = 0;
  /** The most bytes received within one round trip recently. */
  #burstBytes = 0;
  #tripStartedAt = Number.NEGATIVE_INFINITY;
  #seenBeforeTrip = 0;
  #seen = 0;

  constructor(output: PassedOutput, context: CountContext) {
    this.#output = output;
    this.#context = context;
  }

  /** Records that data arrived. @param at In milliseconds. */
  seePiece(at: number): void {
    const { mostTokens } = this.#output;
    if (at - this.#tripStartedAt > roundTripMs) {
      this.#tripStartedAt = at;
      this.#burstBytes *= forgetting;
      this.#seenBeforeTrip = this.#seen;
    }
    this.#seen = mostTokens;
    this.#burstBytes = Math.max(mostTokens - this.#seenBeforeTrip, this.#burstBytes);
  }

  /** Upper bound of the tokens received. */
  get most(): number {
    return Math.ceil(this.#uncounted + this.#current.most);
  }

  /** Tokens likely to be billed for what was received. */
  get expected(): number {
    return Math.ceil(this.#uncounted + this.#current.expected);
  }

  /** Whether everything received was counted, by the provider or by us. */
  get isExact(): boolean {
    return this.#current.bytes === this.#output.textBytes;
  }

  /** Lower bound of the tokens received: certain to be billed. */
  get least(): number {
    return this.#output.reportedTokens + Math.floor(this.#current.least);
  }

  /** The most bytes received within one round trip. */
  get burstBytes(): number {
    return Math.ceil(this.#burstBytes);
  }

  /**
   * Tokens that the provider has generated but not delivered when its connection closes: half a
   * round trip's worth.
   */
  get underway(): number {
    return this.#seen === 0 ? leastReserve : Math.ceil(this.#burst / 2);
  }

  /**
   * Tokens that may still be billed until the provider notices that it should stop: two round
   * trips' worth.
   */
  get reserve(): number {
    return Math.max(leastReserve, Math.ceil(2 * this.#burst));
  }

  get #burst(): number {
    return this.#burstBytes * this.#tokensPerByte;
  }

  /** Counts what was received since the last count. If counting fails, bytes remain the bound. */
  async update(): Promise<void> {
    if (this.isExact) return;
    const { settled } = this.#current;
    const reported = this.#output.reportedTokens;
    const text = this.#output.text(settled.bytes);
    try {
      const counted = await this.#context.counter.countText(text, this.#context.tokenizer);
      // The provider reported in the meantime, so the text and its count are obsolete.
      if (this.#output.reportedTokens !== reported) return;
      this.#reported = reported;
      const whole = add(settled, { ...counted, bytes: text.length });
      this.#counted = { ...whole, settled: add(settled, counted.settled) };
    } catch (error) {
      this.#context.observer.failed(
        "a stream could not be counted and is held at one token a byte",
        error,
      );
    }
  }

  get #uncounted(): number {
    const { tokensOutsideText, textBytes } = this.#output;
    return tokensOutsideText + textBytes - this.#current.bytes;
  }

  get #current(): Counted {
    return this.#output.reportedTokens === this.#reported ? this.#counted : nothingCounted;
  }

  /**
   * 1 before the first count; then the counted ratio with a margin, because the text that follows
   * may differ.
   */
  get #tokensPerByte(): number {
    const { bytes, most } = this.#current;
    return bytes === 0 ? 1 : Math.min(1, (1.25 * most) / bytes);
  }
}

function add(one: CountedPart, other: CountedPart): CountedPart {
  return {
    bytes: one.bytes + other.bytes,
    least: one.least + other.least,
    expected: one.expected + other.expected,
    most: one.most + other.most,
  };
}

/** To the provider and back, including the time both sides need to react. */
const roundTripMs = 100;
/** The measured peak decays over time. */
const forgetting = 7 / 8;
const leastReserve = 16;
