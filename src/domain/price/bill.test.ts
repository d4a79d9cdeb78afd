/** Which figure a bill charges, and how it flags counts without a price. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { Meter, Usage } from "../usage/usage.ts";
import { billFor, type Bill, type ReportedCost } from "./bill.ts";
import type { FallbackRates } from "./row/rate.ts";
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

/** The bill of a model with a price of pages only. */
function billByPage(usage: Usage, fallback: FallbackRates | null, reported = unreported): Bill {
  const sheet = sheetOf({
    rates: { input: pico(0n), output: pico(0n), [openMeter("pages")]: pico(3n) },
  });
  const terms = { serviceTier: "standard", at } as const;
  const parts = [{ model: "m", usage }];
  return billFor({ model: "m", parts, sheetOf: () => sheet, terms, fallback, reported });
}

test("tokens of a model with a price of units only are charged at the rates of the hold", () => {
  const rates = { input: pico(2n), output: pico(7n) };
  const usage = { input: 10, output: 1, [openMeter("pages")]: 5 };
  const { cost, flags } = billByPage(usage, rates);
  assert.deepEqual([cost, flags], [15n + 27n, ["unpriced"]]);
  const pages = billByPage({ [openMeter("pages")]: 5 }, rates);
  assert.deepEqual([pages.cost, pages.flags], [15n, []]);
});

test("without such rates they cost what the provider reports, else nothing that is known", () => {
  const reported = billByPage({ input: 10 }, null, { cost: pico(9n), isBilled: false });
  assert.deepEqual([reported.cost, reported.flags], [9n, ["unpriced"]]);
  const unknown = billByPage({ input: 10 }, null);
  assert.deepEqual([unknown.cost, unknown.flags], [0n, ["unpriced"]]);
});

/** The bill of a model with a price of one kind of tokens only. */
function billByKind(meter: Meter, usage: Usage): Bill {
  const sheet = sheetOf({ rates: { input: pico(0n), output: pico(0n), [meter]: pico(5n) } });
  const terms = { serviceTier: "standard", at } as const;
  const parts = [{ model: "m", usage }];
  return billFor({
    model: "m",
    parts,
    sheetOf: () => sheet,
    terms,
    fallback: null,
    reported: unreported,
  });
}

test("text input is not free because another kind of input has a price, whatever else a call uses", () => {
  for (const meter of ["input_image", "input_audio", "cache_read"] as const) {
    const both = billByKind(meter, { [meter]: 4, input: 1000 });
    assert.deepEqual([both.cost, both.flags], [20n, ["unpriced"]], meter);
    assert.deepEqual(billByKind(meter, { input: 1000 }).flags, ["unpriced"], meter);
    const own = billByKind(meter, { [meter]: 4 });
    assert.deepEqual([own.cost, own.flags], [20n, []], meter);
  }
});

test("the price of a kind of output covers the input, but no other output", () => {
  for (const meter of ["output_image", "output_audio"] as const) {
    const made = billByKind(meter, { [meter]: 4, input: 1000 });
    assert.deepEqual([made.cost, made.flags], [20n, []], meter);
    assert.deepEqual(billByKind(meter, { [meter]: 4, output: 1 }).flags, ["unpriced"], meter);
    assert.deepEqual(billByKind(meter, { input: 1000 }).flags, ["unpriced"], meter);
  }
});
