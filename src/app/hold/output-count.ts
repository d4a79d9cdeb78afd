/** What the output of a stream amounts to in tokens: by bytes until it is counted, and as it was counted from then on. */

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

/** What was counted of the text since the provider's last report, and up to where it need not be counted again. */
interface Counted extends CountedPart {
  readonly settled: CountedPart;
}

const nothing: CountedPart = { bytes: 0, least: 0, expected: 0, most: 0 };
const nothingCounted: Counted = { ...nothing, settled: nothing };

export class OutputCount {
  readonly #output: PassedOutput;
  readonly #context: CountContext;
  #counted = nothingCounted;
  /** Of the report that the count follows. */
  #reported = 0;
  /** The most bytes that came within a round trip lately. */
  #burstBytes = 0;
  #tripStartedAt = Number.NEGATIVE_INFINITY;
  #seenBeforeTrip = 0;
  #seen = 0;

  constructor(output: PassedOutput, context: CountContext) {
    this.#output = output;
    this.#context = context;
  }

  /** Notes that something came. @param at In milliseconds. */
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

  /** The most tokens that have come. */
  get most(): number {
    return Math.ceil(this.#uncounted + this.#current.most);
  }

  /** The tokens that are expected to be billed for what has come. */
  get expected(): number {
    return Math.ceil(this.#uncounted + this.#current.expected);
  }

  /** Whether all that has come was counted, by the provider or here. */
  get isExact(): boolean {
    return this.#current.bytes === this.#output.textBytes;
  }

  /** The fewest tokens that have come: what is certain to be billed. */
  get least(): number {
    return this.#output.reportedTokens + Math.floor(this.#current.least);
  }

  /** The most bytes that were seen to come within a round trip. */
  get burstBytes(): number {
    return Math.ceil(this.#burstBytes);
  }

  /** What a provider has generated besides what has come when its connection is closed: what comes within half a round trip. */
  get underway(): number {
    return this.#seen === 0 ? leastReserve : Math.ceil(this.#burst / 2);
  }

  /** What may be billed besides what has come until the provider notices that it is to stop: what comes within two round trips. */
  get reserve(): number {
    return Math.max(leastReserve, Math.ceil(2 * this.#burst));
  }

  get #burst(): number {
    return this.#burstBytes * this.#tokensPerByte;
  }

  /** Counts what has come and was not counted before. Where counting fails, bytes go on to be the bound. */
  async update(): Promise<void> {
    if (this.isExact) return;
    const { settled } = this.#current;
    const reported = this.#output.reportedTokens;
    const text = this.#output.text(settled.bytes);
    try {
      const counted = await this.#context.counter.countText(text, this.#context.tokenizer);
      // What was reported meanwhile has made the text and its count obsolete.
      if (this.#output.reportedTokens !== reported) return;
      this.#reported = reported;
      const whole = add(settled, { ...counted, bytes: text.length });
      this.#counted = { ...whole, settled: add(settled, counted.settled) };
    } catch (error) {
      this.#context.observer.failed("a stream could not be counted, and is taken at a token a byte", error);
    }
  }

  get #uncounted(): number {
    const { tokensBesideText, textBytes } = this.#output;
    return tokensBesideText + textBytes - this.#current.bytes;
  }

  get #current(): Counted {
    return this.#output.reportedTokens === this.#reported ? this.#counted : nothingCounted;
  }

  /** 1 before anything was counted, and with a margin afterwards: what comes next may be another kind of text. */
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

/** To a provider and back, with what either side takes to notice and to decide. */
const roundTripMs = 100;
/** A pace that was high once counts less and less. */
const forgetting = 7 / 8;
const leastReserve = 16;
