/** What the output of a stream amounts to in tokens: by bytes until it is counted, and as it was counted from then on. */

import type { Tokenizer } from "../domain/estimate/tokenizer.ts";
import type { PassedOutput } from "../wire/answer/passed-output.ts";
import { loopTurn } from "./loop-turn.ts";
import type { Observer } from "./observer.ts";
import type { TokenCounter } from "./token-counter.ts";

export interface CountContext {
  readonly counter: TokenCounter;
  readonly tokenizer: Tokenizer;
  readonly observer: Pick<Observer, "failed">;
}

/** What was counted of the text since the provider's last report. */
interface Counted {
  readonly bytes: number;
  readonly tokens: number;
  /** Up to where it need not be counted again. */
  readonly settled: { readonly bytes: number; readonly tokens: number };
}

const nothingCounted: Counted = { bytes: 0, tokens: 0, settled: { bytes: 0, tokens: 0 } };

export class OutputCount {
  readonly #output: PassedOutput;
  readonly #context: CountContext;
  #counted = nothingCounted;
  /** Of the report that the count follows. */
  #reported = 0;
  /** The most that came in one turn lately. */
  #pieceBytes = 0;
  #turn = -1;
  #atTurn = 0;
  #seen = 0;

  constructor(output: PassedOutput, context: CountContext) {
    this.#output = output;
    this.#context = context;
  }

  /** Notes that something came. What comes in one turn counts as one piece: it was sent before anyone could have said no. */
  seePiece(): void {
    const { mostTokens } = this.#output;
    const turn = loopTurn();
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#pieceBytes *= forgetting;
      this.#atTurn = this.#seen;
    }
    this.#seen = mostTokens;
    this.#pieceBytes = Math.max(mostTokens - this.#atTurn, this.#pieceBytes);
  }

  /** The most tokens that have come. */
  get most(): number {
    const { tokensBesideText, textBytes } = this.#output;
    const { tokens, bytes } = this.#current;
    return tokensBesideText + tokens + textBytes - bytes;
  }

  /** Whether all that has come was counted, by the provider or here. */
  get isExact(): boolean {
    return this.#current.bytes === this.#output.textBytes;
  }

  /** The fewest tokens that have come: what is certain to be billed. */
  get least(): number {
    const { tokens } = this.#current;
    return this.#output.reportedTokens + (this.#context.tokenizer.isPublic ? tokens : tokens * leastShare);
  }

  /** What a provider has generated besides what has come, when its connection is closed: another piece. */
  get underway(): number {
    return this.#seen === 0 ? leastReserve : this.#piece;
  }

  /** What may be billed besides what has come until the provider notices: the piece that is on its way, and the next one. */
  get reserve(): number {
    return Math.max(leastReserve, 2 * this.#piece);
  }

  /** Tokens of the largest pieces lately. */
  get #piece(): number {
    return Math.ceil(this.#pieceBytes * this.#tokensPerByte);
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
      this.#counted = {
        bytes: settled.bytes + text.length,
        tokens: settled.tokens + counted.tokens,
        settled: { bytes: settled.bytes + counted.settled.bytes, tokens: settled.tokens + counted.settled.tokens },
      };
    } catch (error) {
      this.#context.observer.failed("a stream could not be counted, and is taken at a token a byte", error);
    }
  }

  get #current(): Counted {
    return this.#output.reportedTokens === this.#reported ? this.#counted : nothingCounted;
  }

  /** 1 before anything was counted, and with a margin afterwards: what comes next may be another kind of text. */
  get #tokensPerByte(): number {
    const { bytes, tokens } = this.#current;
    return bytes === 0 ? 1 : Math.min(1, (1.25 * tokens) / bytes);
  }
}

/** Pieces that were large once count less and less. */
const forgetting = 7 / 8;
const leastReserve = 16;
/** A bound by class of characters is at most twice what any model counts. */
const leastShare = 1 / 2;
