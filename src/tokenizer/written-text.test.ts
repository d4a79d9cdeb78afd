/** Splitting of text inside JSON strings for incremental counting. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as fc from "fast-check";
import { linesOf, textKinds } from "../simulator/answer/text-kind.ts";
import { loadEncoding, type CountTokens } from "./encoding.ts";
import { lastSplit, readWritten } from "./written-text.ts";

const written = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1));

let count: CountTokens;
before(async () => {
  count = await loadEncoding("o200k_base");
});

for (const kind of textKinds) {
  test(`the counts of both sides of a split of ${kind} add up to the count of the whole`, () => {
    const text = linesOf(kind).take(12).toArray().join("");
    for (let length = 1; length < text.length; length += 7) {
      const bytes = written(text.slice(0, length).toWellFormed());
      const split = lastSplit(bytes);
      const sides =
        count(readWritten(bytes.subarray(0, split))) + count(readWritten(bytes.subarray(split)));
      assert.equal(sides, count(readWritten(bytes)), bytes.toString());
    }
  });
}

const letters = ["a", "B", "é", "ж", "한", "漢", "か", "ー", "ا", "\u0301"];
const others = [
  " ",
  "\n",
  "\r",
  "\t",
  "，",
  "。",
  "・",
  "「",
  "'",
  '"',
  "\\",
  "/",
  ",",
  "-",
  "1",
  "\u3000",
  "\u00a0",
  "😀",
  "\u200d",
  "'s",
  "\\n",
  "\\u300c",
];

test("wherever a text is split, the counts of both sides add up to the count of the whole", () => {
  const texts = fc.array(fc.constantFrom(...letters, ...letters, ...others), {
    minLength: 1,
    maxLength: 24,
  });
  fc.assert(
    fc.property(texts, (pieces) => {
      const bytes = written(pieces.join(""));
      const split = lastSplit(bytes);
      const sides =
        count(readWritten(bytes.subarray(0, split))) + count(readWritten(bytes.subarray(split)));
      assert.equal(sides, count(readWritten(bytes)));
    }),
    { numRuns: 5000 },
  );
});

test("languages without blanks are split at punctuation, and any language at the beginning of a line", () => {
  for (const [before, after] of [
    ["他说天地玄黄", "，宇宙洪荒"],
    ["これはテスト", "。ですから"],
    ["слово за", " словом"],
    ["㐀㐁。\n", "㐂㐃"],
    ["👍👍\n", "👍"],
  ] as const) {
    assert.equal(lastSplit(written(before + after)), written(before).length);
  }
});

test("the end of an escape that begins before the searched bytes is not a letter", () => {
  const escaped = Buffer.from("\\u0001".repeat(60) + "\\u300c");
  for (let padding = 0; padding < 8; padding++) {
    const bytes = Buffer.concat([escaped, Buffer.from(`,b${"1".repeat(246 + padding)}`)]);
    assert.notEqual(lastSplit(bytes), escaped.length);
  }
});

test("a text is split near its end, however far back its last break is", () => {
  const bytes = written(`a word ${"漢".repeat(2000)}`);
  assert.ok(bytes.length - lastSplit(bytes) < 10);
});

test("an escaped text is unescaped to the original", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) =>
      assert.equal(readWritten(written(text)), text),
    ),
  );
});

test("an invalid JSON string is read byte by byte", () => {
  assert.equal(readWritten(Buffer.from('a"b')), 'a"b');
});

test("a long text without a break is split neither inside an escape nor inside a character", () => {
  for (const unit of ["\u0001", "漢", "x", "\\"]) {
    const bytes = written(unit.repeat(3000));
    const split = lastSplit(bytes);
    assert.equal(
      readWritten(bytes.subarray(0, split)) + readWritten(bytes.subarray(split)),
      unit.repeat(3000),
    );
  }
  assert.ok(lastSplit(written("x".repeat(3000))) > 0);
});
