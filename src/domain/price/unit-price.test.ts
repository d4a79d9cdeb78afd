/** A unit has a price where the row, its hours or its terms state one at the time of the call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import {
  billedUnits,
  pricedUnits,
  pricesCall,
  unitCost,
  unitMeter,
  unitPrices,
} from "./unit-price.ts";
import { at, row, sheetOf } from "./row-sheet.test-kit.ts";

const images = openMeter("images");
const hd = openMeter("images_hd");
const unit = { meters: [hd, images], family: images, count: 1, output: null };
const free = { input: pico(0n), output: pico(0n) };
const hourMs = 3_600_000;
/** Noon to one o'clock every day; {@link at} is noon. */
const noon = { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 720, toMinute: 780 };

test("a unit that is priced in some hours only has a price in those, and none in others", () => {
  const sheet = sheetOf({ rates: free, schedules: [{ ...noon, rates: { [images]: pico(7n) } }] });
  assert.equal(unitMeter(sheet, unit, at), images);
  assert.equal(unitCost(sheet, { meter: images, count: 3, at }), 21n);
  assert.ok(pricesCall(sheet, unit, at));
  const later = at + hourMs;
  assert.equal(unitMeter(sheet, unit, later), undefined);
  assert.equal(pricesCall(sheet, unit, later), false, "tokens at zero are not the price of images");
});

test("the more specific meter counts while it has a price, else the general one", () => {
  const rates = { ...row.rates, [images]: pico(5n) };
  const sheet = sheetOf({ rates, schedules: [{ ...noon, rates: { [hd]: pico(7n) } }] });
  assert.equal(unitMeter(sheet, unit, at), hd);
  assert.equal(unitMeter(sheet, unit, at + hourMs), images);
});

test("a unit that is priced under a tier or in a region only has that price there", () => {
  const own = { rates: { [images]: pico(7n) } };
  const batch = sheetOf({ rates: free, serviceTiers: { batch: own } });
  assert.deepEqual(batch.openMeters, [images]);
  assert.equal(unitMeter(batch, unit, at), undefined);
  assert.equal(pricesCall(batch, unit, at), false);
  const regions = { eu: own };
  assert.equal(unitMeter(sheetOf({ rates: free, regions }, "eu"), unit, at), images);
  assert.equal(unitMeter(sheetOf({ rates: free, regions }), unit, at), undefined);
});

test("a model is billed by its units if its tokens cost nothing; those without a price now are left out", () => {
  const sheet = sheetOf({
    rates: { ...free, [images]: pico(5n) },
    schedules: [{ ...noon, rates: { [hd]: pico(7n) } }],
  });
  assert.deepEqual(new Set(billedUnits(sheet)), new Set([images, hd]));
  assert.deepEqual(Object.fromEntries(unitPrices(sheet, at)), { [images]: 5n, [hd]: 7n });
  assert.deepEqual(Object.fromEntries(unitPrices(sheet, at + hourMs)), { [images]: 5n });
  const tokens = sheetOf({ rates: { ...row.rates, [images]: pico(5n) } });
  assert.deepEqual([billedUnits(tokens), unitPrices(tokens, at).size], [[], 0]);
});

test("what is billed in addition counts if it has a price, and the unit itself needs one", () => {
  const inputs = openMeter("input_images");
  const also = [{ meters: [inputs], family: inputs, count: 2 }];
  const call = { ...unit, also };
  const both = sheetOf({ rates: { ...free, [images]: pico(5n), [inputs]: pico(1n) } });
  const counts = new Map([
    [images, 1],
    [inputs, 2],
  ]);
  assert.deepEqual(pricedUnits(both, call, at), counts);
  const one = sheetOf({ rates: { ...free, [images]: pico(5n) } });
  assert.deepEqual(pricedUnits(one, call, at), new Map([[images, 1]]));
  assert.equal(
    pricedUnits(sheetOf({ rates: { ...free, [inputs]: pico(1n) } }), call, at),
    undefined,
  );
  const twice = { ...unit, also: [{ meters: [images], family: images, count: 3 }] };
  assert.deepEqual(pricedUnits(one, twice, at), new Map([[images, 4]]), "one meter is summed");
});
