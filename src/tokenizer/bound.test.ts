/** Bounds on the tokens of a text. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { tokenizerOf } from "../domain/estimate/tokenizer.ts";
import { linesOf, textKinds } from "../simulator/answer/text-kind.ts";
import { rangeOf } from "./bound.ts";
import { loadEncoding, type CountTokens } from "./encoding.ts";

const gpt = tokenizerOf({ family: "openai", model: "gpt-4o" });
const claude = tokenizerOf({ family: "anthropic", model: "claude-sonnet-5" });
const other = tokenizerOf({ family: "other", model: "m" });

let count: CountTokens;
before(async () => {
  count = await loadEncoding("o200k_base");
});

function textOf(kind: (typeof textKinds)[number]): string {
  return linesOf(kind).take(20).toArray().join("");
}

test("a public tokenizer counts exactly", () => {
  assert.deepEqual(rangeOf("Invent a new holiday and describe its traditions.", gpt, count), {
    least: 9,
    expected: 9,
    most: 9,
  });
});

for (const kind of textKinds) {
  test(`a bound on ${kind} is between the expected count and its bytes`, () => {
    const text = textOf(kind);
    const counted = count(text);
    for (const tokenizer of [claude, other]) {
      const { least, expected, most } = rangeOf(text, tokenizer, count);
      assert.ok(
        least === counted &&
          counted <= expected &&
          expected <= most &&
          most <= Buffer.byteLength(text),
      );
    }
  });
}

test("digits count one by one, since some tokenizers have no multi-digit tokens", () => {
  assert.ok(rangeOf("123456789", other, count).most >= 9);
});

test("no text has more tokens than bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const { least, expected, most } = rangeOf(text, claude, count);
      assert.ok(most <= Buffer.byteLength(text) && least <= most && expected <= most);
    }),
  );
});
