/** Properties of the text form of prices: written and read again, a price gives the same bills. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { randomRow, randomUsage } from "../row/random-row.test-kit.ts";
import { formatRow } from "./row-text.ts";
import { randomCall, sameBillOf, throughText } from "./same-bill.test-kit.ts";

const week = Date.parse("2026-11-23T00:00:00Z");

test("a price that is written and read again gives the same bills and the same bounds", () => {
  fc.assert(
    fc.property(
      randomRow,
      fc.array(randomCall(randomUsage, week), { minLength: 1, maxLength: 4 }),
      (row, calls) => {
        const assertSameBill = sameBillOf(row, throughText(row));
        for (const call of calls) assertSameBill(call);
      },
    ),
    { numRuns: 500 },
  );
});

test("a text that is read and written again is the same text", () => {
  fc.assert(
    fc.property(randomRow, (row) => {
      const text = formatRow(row);
      assert.deepEqual(formatRow(throughText(row)), text);
    }),
  );
});
