/** Port to tokenizers. Counting takes milliseconds, so it runs off the thread that serves calls. */

import type { Tokenizer } from "../../domain/estimate/tokenizer.ts";

/**
 * Range of the number of tokens in a text; both ends are equal if the tokenizer is public. Ends are
 * not rounded, so ranges of a text in many pieces can be added.
 */
export interface TokenRange {
  readonly least: number;
  readonly expected: number;
  readonly most: number;
}

export interface CountedText extends TokenRange {
  /**
   * Position up to which the text need not be counted again when it grows, and the tokens before
   * it.
   */
  readonly settled: TokenRange & { readonly bytes: number };
}

export interface CountedInput {
  /**
   * Upper bound, a whole number, of the tokens in the request's texts, including the overhead of
   * each message and tool, without media.
   */
  readonly tokens: number;
  /** Equal for requests with the same texts: SHA-256, in base64. */
  readonly digest: string;
}

export interface TokenCounter {
  /** Warms up, so that the first count is as fast as later ones. */
  warm(): void;
  /** @param text The raw contents of JSON strings, escapes included. */
  countText(text: Uint8Array, tokenizer: Tokenizer): Promise<CountedText>;
  /** @param body A request in any of the formats, already validated. */
  countInput(body: Uint8Array, tokenizer: Tokenizer): Promise<CountedInput>;
}
