/** Tests the search for quoted words in bytes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { afterQuoted, toBuffer } from "./bytes.ts";

test("a quoted word is found where a plain search with both quotes finds it", () => {
  const text = fc.string({ unit: fc.constantFrom('"', "a", "b") });
  fc.assert(
    fc.property(text, fc.nat(12), (written, from) => {
      const found = Buffer.from(written).indexOf('"ab"', from);
      assert.equal(
        afterQuoted(Buffer.from(written), Buffer.from('ab"'), from),
        found < 0 ? -1 : found + 4,
      );
    }),
    { numRuns: 1000 },
  );
});

test("bytes are looked at and not copied", () => {
  const buffer = Buffer.from("abc");
  assert.equal(toBuffer(buffer), buffer);
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + 1, 2);
  const seen = toBuffer(bytes);
  assert.deepEqual([seen.buffer, seen.toString()], [bytes.buffer, "bc"]);
});
