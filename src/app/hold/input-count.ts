/** Counts the input tokens of a call when they are first needed. Most calls end without a count. */

import type { Tokenizer } from "../../domain/estimate/tokenizer.ts";
import type { CountedInput, TokenCounter } from "../port/token-counter.ts";

export class InputCount {
  readonly tokenizer: Tokenizer;
  readonly #counter: TokenCounter;
  readonly #body: Uint8Array;
  #counting: Promise<CountedInput> | null = null;
  #counted: CountedInput | null = null;

  constructor(
    counter: TokenCounter,
    input: { readonly body: Uint8Array; readonly tokenizer: Tokenizer },
  ) {
    this.#counter = counter;
    this.#body = input.body;
    this.tokenizer = input.tokenizer;
  }

  /** Null until the count is done. */
  get counted(): CountedInput | null {
    return this.#counted;
  }

  /** Counts once, off the main thread. */
  async count(): Promise<CountedInput> {
    this.#counting ??= this.#counter.countInput(this.#body, this.tokenizer);
    this.#counted = await this.#counting;
    return this.#counted;
  }
}
