/** Stored usage objects are returned exactly as the provider wrote them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fillShape, shapeOf } from "./raw-usage.ts";

test("any text is restored from its shape and numbers, or has no shape", () => {
  const property = fc.property(
    fc.oneof(fc.json(), fc.string(), fc.string({ unit: "grapheme" })),
    (text) => {
      const shaped = shapeOf(text);
      if (shaped) assert.equal(fillShape(shaped.shape, shaped.numbers), text);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});

test("usages that differ only in their counts have the same shape", () => {
  const first = shapeOf('{"prompt_tokens":12,"details":{"cached_tokens":0}}');
  const second = shapeOf('{"prompt_tokens":99000,"details":{"cached_tokens":512}}');
  assert.equal(first?.shape, second?.shape);
  assert.deepEqual(second?.numbers, [99000, 512]);
});

test("numbers that JavaScript would format differently are kept verbatim", () => {
  assert.deepEqual(shapeOf('{"a":1.0,"b":1e3,"c":12345678901234567890,"d":-0}')?.numbers, [
    "1.0",
    "1e3",
    "12345678901234567890",
    "-0",
  ]);
});

test("a shape is the text with a mark for each number; strings in it are unchanged", () => {
  const text = String.raw`{"a1":-5,"b\"2":[1,22,333],"c":"4"}`;
  const shape = String.raw`{"a1":#,"b\"2":[#,#,#],"c":"4"}`.replaceAll("#", "\u0000");
  assert.deepEqual(shapeOf(text), { shape, numbers: [-5, 1, 22, 333] });
});
