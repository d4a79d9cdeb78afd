/** Which figure a bill charges, and how it flags counts without a price. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { Usage } from "../usage/usage.ts";
import { billFor, type Bill, type ReportedCost } from "./bill.ts";
import { at, row, sheetOf } from "./row-sheet.test-kit.ts";

const ocr = openMeter("tool:ocr");
const unreported: ReportedCost = { cost: null, isBilled: false };

function bill(usage: Usage, reported = unreported): Bill {
  const sheet = sheetOf({ rates: { ...row.rates, [openMeter("pages")]: pico(3n) } });
  return billFor({
    model: "m",
    parts: [{ model: "m", usage }],
    sheetOf: () => sheet,
    terms: { serviceTier: "standard", at },
    fallback: null,
    reported,
  });
}

test("a priced open meter is a line of the bill like any other", () => {
  const { cost, flags } = bill({ input: 2, [openMeter("pages")]: 5 });
  assert.deepEqual([cost, flags], [35n, []]);
});

test("a count without a price is charged nothing and flagged, whether of an open meter or a tool", () => {
  for (const usage of [
    { input: 2, [ocr]: 5 },
    { input: 2, file_search: 1 },
  ]) {
    const { cost, flags, charges } = bill(usage);
    assert.deepEqual([cost, flags, charges.length], [20n, ["unpriced"], 2]);
  }
  assert.deepEqual(bill({ input: 2, [ocr]: 0 }).flags, []);
});

test("the amount that a provider bills includes what has no price here", () => {
  const billed = bill({ input: 2, [ocr]: 5 }, { cost: pico(20n), isBilled: true });
  assert.deepEqual([billed.cost, billed.flags], [20n, []]);
});
