/** The input of one call, counted when somebody first asks: most calls end without. */

import type { Tokenizer } from "../domain/estimate/tokenizer.ts";
import type { CountedInput, TokenCounter } from "./token-counter.ts";

export class InputCount {
  readonly tokenizer: Tokenizer;
  readonly #counter: TokenCounter;
  readonly #body: Uint8Array;
  #counting: Promise<CountedInput> | null = null;
  #counted: CountedInput | null = null;

  constructor(counter: TokenCounter, input: { readonly body: Uint8Array; readonly tokenizer: Tokenizer }) {
    this.#counter = counter;
    this.#body = input.body;
    this.tokenizer = input.tokenizer;
  }

  /** Null as long as nobody has asked for it. */
  get counted(): CountedInput | null {
    return this.#counted;
  }

  /** Counts once, away from this thread. */
  async count(): Promise<CountedInput> {
    this.#counting ??= this.#counter.countInput(this.#body, this.tokenizer);
    this.#counted = await this.#counting;
    return this.#counted;
  }
}
