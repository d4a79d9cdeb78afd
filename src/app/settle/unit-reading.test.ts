/** The units of an answer are billed by the meter that prices them under the terms it reports. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { at, sheetOf } from "../../domain/price/row-sheet.test-kit.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { OpenMeter } from "../../domain/usage/usage.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import type { Reading } from "../../wire/wire.ts";
import type { Estimate } from "../hold/estimate.ts";
import { withUnit } from "../hold/unit-estimate.ts";
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
const nothingHeld: Estimate = {
  inputTokens: 0,
  ceiling: 0,
  firstSlice: 0,
  least: 0,
  unknownInput: 0,
  rates: { input: pico(0n), output: pico(0n) },
  fees: pico(0n),
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

test("what is billed in addition has its own minimum, in the hold as in the bill", () => {
  const pages = openMeter("pages");
  const both = sheetOf({ rates: { input: pico(0n), [images]: pico(5n), [pages]: pico(1n) } });
  const also = [{ meters: [pages], family: pages, count: 2, mayBeFree: true }];
  const provider = aProvider({ leastUnits: { [pages]: 10 } });
  const facts = { ...plainFacts, unit: { ...unit, also } };
  const billed = readingByUnit({ route: { provider }, facts, heldAt: at }, plain, both);
  assert.deepEqual(billed?.parts[0]?.usage, { [images]: 3, [pages]: 10 });
  const held = withUnit(nothingHeld, { facts, sheet: both, provider, at });
  assert.equal(held.fees, 25n);
});

test("a variant without a price of its own is an estimate, even if its number is known", () => {
  const rates = { input: pico(0n), [hd]: pico(9n), [openMeter("images_4k")]: pico(20n) };
  const call = (meters: readonly OpenMeter[]) => ({
    route: { provider: aProvider() },
    facts: { ...plainFacts, unit: { ...unit, meters } },
    heldAt: at,
  });
  const own = readingByUnit(call([hd]), plain, sheetOf({ rates }));
  assert.deepEqual([own?.parts[0]?.usage, own?.partial], [{ [hd]: 3 }, undefined]);
  const other = readingByUnit(call([openMeter("images_8k")]), plain, sheetOf({ rates }));
  assert.deepEqual([other?.parts[0]?.usage, other?.partial], [{ images_4k: 3 }, true]);
});
