/** The port to tokenizers: counting takes milliseconds, so it is done away from the thread that serves calls. */

import type { Tokenizer } from "../../domain/estimate/tokenizer.ts";

/**
 * Tokens that a text can be: the same number each time where its tokenizer is public. Bounds are not rounded, so that those of a
 * text in many pieces add up.
 */
export interface TokenRange {
  readonly least: number;
  readonly expected: number;
  readonly most: number;
}

export interface CountedText extends TokenRange {
  /** A place in the text up to which it need not be counted again when more follows, and the tokens until there. */
  readonly settled: TokenRange & { readonly bytes: number };
}

export interface CountedInput {
  /** The most tokens, a whole number, that the texts of the request can be, with what each message and tool adds; media are not in it. */
  readonly tokens: number;
  /** The same for requests whose texts are the same: SHA-256, in base64. */
  readonly digest: string;
}

export interface TokenCounter {
  /** Prepares, so that the first count is as fast as later ones. */
  warm(): void;
  /** @param text As it is written inside JSON strings, escapes included. */
  countText(text: Uint8Array, tokenizer: Tokenizer): Promise<CountedText>;
  /** @param body A request in any of the formats, read before and found good. */
  countInput(body: Uint8Array, tokenizer: Tokenizer): Promise<CountedInput>;
}
