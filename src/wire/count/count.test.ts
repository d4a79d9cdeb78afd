/** Tests how reported token counts are read, checked and merged. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CountReader, keepRaw, overwrite, usageOf } from "./count.ts";

test("an impossible count is absent and flagged", () => {
  for (const value of [-1, 1.5, 1e9 + 1, Number.NaN, "7", true, {}, []]) {
    const counts = new CountReader();
    assert.equal(counts.read({ tokens: value }, "tokens"), undefined, JSON.stringify(value));
    assert.equal(counts.invalid, true, JSON.stringify(value));
  }
});

test("an absent count is not an error, and zero is a count", () => {
  const counts = new CountReader();
  assert.equal(counts.read({}, "tokens"), undefined);
  assert.equal(counts.read({ tokens: null }, "tokens"), undefined);
  assert.equal(counts.read(undefined, "tokens"), undefined);
  assert.equal(counts.read({ tokens: 0 }, "tokens"), 0);
  assert.equal(counts.read({ tokens: 1e9 }, "tokens"), 1e9);
  assert.equal(counts.invalid, false);
});

test("parts larger than their total leave nothing and are flagged", () => {
  const counts = new CountReader();
  assert.equal(counts.subtract(10, 4), 6);
  assert.equal(counts.invalid, false);
  assert.equal(counts.subtract(4, 10), 0);
  assert.equal(counts.invalid, true);
});

test("input and output are reported even if zero, other meters only if not", () => {
  assert.deepEqual(
    usageOf({ input: 0, output: 0, cache_read: 0, web_search: 2, reasoning: undefined }),
    {
      input: 0,
      output: 0,
      web_search: 2,
    },
  );
  assert.deepEqual(usageOf({ input: undefined }), {});
});

test("later counts overwrite earlier ones, but null, zero and an empty list do not", () => {
  const earlier = { a: 1, b: 2, c: 3, list: [1], nested: { x: 1, y: 2, z: 3 } };
  const joined = overwrite(earlier, {
    a: null,
    b: 0,
    c: 4,
    d: 0,
    list: [],
    nested: { y: 3, x: null, z: 0 },
  });
  assert.deepEqual(joined, { a: 1, b: 2, c: 4, d: 0, list: [1], nested: { x: 1, y: 3, z: 3 } });
});

test("a usage is kept as written; without its lists if too long; not at all if that is still too long", () => {
  assert.equal(keepRaw({ a: 1 }, '{ "a": 1 }'), '{ "a": 1 }');
  const long = { total: 5, passes: Array.from({ length: 500 }, () => ({ tokens: 1 })) };
  assert.equal(keepRaw(long), '{"total":5}');
  assert.equal(keepRaw({ text: "x".repeat(5000) }), null);
});
