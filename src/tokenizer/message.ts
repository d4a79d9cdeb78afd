/** Messages between the main thread and the token-counting thread. */

import type { CountedInput, CountedText } from "../app/port/token-counter.ts";
import type { Tokenizer } from "../domain/estimate/tokenizer.ts";

export type CountRequest =
  | {
      readonly id: number;
      readonly kind: "text";
      readonly text: Uint8Array;
      readonly tokenizer: Tokenizer;
    }
  | {
      readonly id: number;
      readonly kind: "input";
      readonly body: Uint8Array;
      readonly tokenizer: Tokenizer;
    };

export type CountAnswer =
  | { readonly id: number; readonly kind: "text"; readonly counted: CountedText }
  | { readonly id: number; readonly kind: "input"; readonly counted: CountedInput }
  | { readonly id: number; readonly kind: "failed"; readonly message: string };
