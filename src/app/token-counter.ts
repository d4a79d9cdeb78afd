/** The port to tokenizers: counting takes milliseconds, so it is done away from the thread that serves calls. */

import type { Tokenizer } from "../domain/estimate/tokenizer.ts";

export interface CountedText {
  /** The most tokens that the text can be. */
  readonly tokens: number;
  /** A place in the text up to which it need not be counted again when more follows, and the tokens until there. */
  readonly settled: { readonly bytes: number; readonly tokens: number };
}

export interface CountedInput {
  /** The most tokens that the texts of the request can be, with what each message and tool adds; media are not in it. */
  readonly tokens: number;
  /** The same for requests whose texts are the same: SHA-256, in base64. */
  readonly digest: string;
}

export interface TokenCounter {
  /** @param text As it is written inside JSON strings, escapes included. */
  countText(text: Uint8Array, tokenizer: Tokenizer): Promise<CountedText>;
  /** @param body A request in any of the formats, read before and found good. */
  countInput(body: Uint8Array, tokenizer: Tokenizer): Promise<CountedInput>;
}
