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
      const sides = count(readWritten(bytes.subarray(0, split))) + count(readWritten(bytes.subarray(split)));
      assert.equal(sides, count(readWritten(bytes)), bytes.toString());
    }
  });
}

test("a text is read as it was before it was written", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(readWritten(written(text)), text)));
});

test("what is no JSON string is read byte by byte", () => {
  assert.equal(readWritten(Buffer.from('a"b')), 'a"b');
});

test("a long text without a break is split neither inside an escape nor inside a character", () => {
  for (const unit of ["\u0001", "漢", "x", "\\"]) {
    const bytes = written(unit.repeat(3000));
    const split = lastSplit(bytes);
    assert.equal(readWritten(bytes.subarray(0, split)) + readWritten(bytes.subarray(split)), unit.repeat(3000));
  }
  assert.ok(lastSplit(written("x".repeat(3000))) > 0);
});
