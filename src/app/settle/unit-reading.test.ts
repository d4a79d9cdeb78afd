/** The units of an answer are billed by the meter that prices them under the terms it reports. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { at, sheetOf } from "../../domain/price/row-sheet.test-kit.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import type { Reading } from "../../wire/wire.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { readingByUnit } from "./unit-reading.ts";

const images = openMeter("images");
const hd = openMeter("images_hd");
const unit = { meters: [hd, images], family: images, count: 3, isExact: true, output: null };
const plain: Reading = {
  model: null,
  parts: [],
  reportedCost: null,
  serviceTier: "standard",
  rawUsage: null,
  flags: [],
  passedBytes: 0,
};
const sheet = sheetOf({
  rates: { input: pico(0n), [images]: pico(5n) },
  serviceTiers: { priority: { rates: { input: pico(2n), [hd]: pico(9n) } } },
});

function partsOf(reading: Reading, least = 0): Reading["parts"] | undefined {
  const provider = aProvider({ leastUnits: { [images]: least } });
  const call = { route: { provider }, facts: { ...plainFacts, unit }, heldAt: at };
  return readingByUnit(call, reading, sheet)?.parts;
}

test("the meter is that of the served tier", () => {
  assert.deepEqual(partsOf(plain), [{ model: null, usage: { [images]: 3 } }]);
  const served: Reading = { ...plain, serviceTier: "priority" };
  assert.deepEqual(partsOf(served), [{ model: null, usage: { [hd]: 3 } }]);
});

test("reported tokens are billed only under a tier where tokens cost something", () => {
  const parts = [{ model: null, usage: { input: 10 } }];
  assert.deepEqual(partsOf({ ...plain, parts }), [{ model: null, usage: { [images]: 3 } }]);
  assert.equal(partsOf({ ...plain, parts, serviceTier: "priority" }), undefined);
});

test("the fewest units that the provider bills are billed", () => {
  assert.deepEqual(partsOf(plain, 10), [{ model: null, usage: { [images]: 10 } }]);
  assert.deepEqual(partsOf(plain, 2), [{ model: null, usage: { [images]: 3 } }]);
});
