/** Rates of open meters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import { at, charge, costOf, row, sheetOf } from "./row-sheet.test-kit.ts";

const [ocr, pages] = [openMeter("tool:ocr"), openMeter("pages")];

test("an open meter has the rate of the row in every context, and under a factor", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, [ocr]: pico(7n), [pages]: pico(3n) },
    serviceTiers: { batch: { numerator: 1n, denominator: 2n } },
    contextTiers: [{ tokens: 200, inclusive: false, rates: { input: pico(20n) } }],
  });
  assert.deepEqual(sheet.openMeters, [ocr, pages]);
  const usage = { input: 1000, [pages]: 40, [ocr]: 2 };
  for (const tier of ["standard", "batch"] as const)
    assert.deepEqual(
      charge(sheet, usage, tier)
        .slice(1)
        .map(({ meter, quantity, cost, rate }) => [meter, quantity, cost, rate?.serviceTier]),
      [
        [pages, 40, 120n, "standard"],
        [ocr, 2, 14n, "standard"],
      ],
    );
});

test("an open meter without a rate is charged like the same tool, else listed as unpriced", () => {
  const search = openMeter("tool:web_search");
  const sheet = sheetOf({ rates: { ...row.rates, web_search: pico(9n) } });
  assert.deepEqual(
    charge(sheet, { [search]: 2, [ocr]: 5 }).map(({ meter, quantity, cost, rate }) => [
      meter,
      quantity,
      cost,
      rate?.meter,
      rate?.source,
    ]),
    [
      [search, 2, 18n, "web_search", "test"],
      [ocr, 5, 0n, ocr, "unpriced"],
    ],
  );
  const own = sheetOf({ rates: { ...row.rates, web_search: pico(9n), [search]: pico(1n) } });
  assert.equal(costOf(charge(own, { [search]: 2, web_search: 1 })), 2n + 9n);
});

test("a tier or region may state its own price of a fee or an open meter", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(9n), [pages]: pico(6n), [ocr]: pico(7n) },
    serviceTiers: { batch: { rates: { [pages]: pico(3n), web_search: pico(4n) } } },
    regions: { eu: { rates: { [ocr]: pico(8n), [pages]: pico(5n) } } },
  });
  const usage = { web_search: 1, [pages]: 1, [ocr]: 1 };
  const rates = (serviceTier: "standard" | "batch", region: string): readonly unknown[] =>
    sheet
      .charge({ model: null, usage }, { serviceTier, region, at })
      .map(({ meter, cost, rate }) => [meter, cost, rate?.serviceTier, rate?.region]);
  assert.deepEqual(rates("standard", "global"), [
    ["web_search", 9n, "standard", undefined],
    [pages, 6n, "standard", undefined],
    [ocr, 7n, "standard", undefined],
  ]);
  assert.deepEqual(rates("batch", "eu"), [
    ["web_search", 4n, "batch", "eu"],
    [pages, 3n, "batch", "eu"],
    [ocr, 8n, "batch", "eu"],
  ]);
});
