/** Tests that a key table finds its names and no others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeyTable } from "./key-table.ts";

test("a table finds each of its names among other bytes, and no other word", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "é"), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(word),
      fc.oneof(word, fc.constant("")),
      fc.string(),
      (names, asked, before) => {
        const table = new KeyTable(names);
        const start = Buffer.byteLength(before) + 1;
        const found = table.find(
          Buffer.from(`${before}"${asked}"`),
          start,
          start + Buffer.byteLength(asked),
        );
        assert.equal(found, table.names.indexOf(asked));
        assert.equal(table.indexOf(asked), found);
      },
    ),
    { numRuns: 1000 },
  );
});
