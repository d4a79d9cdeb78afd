/** A row with hours can be stated with the rates of most hours as its own; every call costs the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { makePriceBook } from "../book.ts";
import { parseRow } from "../text/row-text.ts";
import type { CatalogueRow } from "../row/row.ts";
import { pico } from "../../money/money.ts";
import { changeOf } from "./list-change.ts";
import { compareRows, standardPerUnit } from "./rate-change.ts";
import { withUsualHours } from "./usual-hours.ts";

const monday = 4 * 86_400_000;
const weekMinutes = 7 * 1440;
const weekdays = ["mon", "tue", "wed", "thu", "fri"];
const weekend = ["sat", "sun"];
const model = { provider: "p", model: "m" };

function row(text: object): CatalogueRow {
  return parseRow({ ...model, ...text }, { field: "", source: "list", version: "1" });
}

/** Half the price at night and on weekends, stated as hours of the night. */
const byNight = row({
  input: "2",
  output: "8",
  hours: [
    { days: weekdays, from: "00:00", to: "08:00", input: "1", output: "4" },
    { days: weekdays, from: "18:00", to: "24:00", input: "1", output: "4" },
    { days: weekend, from: "00:00", to: "24:00", input: "1", output: "4" },
  ],
});

const byDay = row({
  input: "1",
  output: "4",
  hours: [{ days: weekdays, from: "08:00", to: "18:00", input: "2", output: "8" }],
});

function cost(one: CatalogueRow, minute: number): bigint {
  const book = makePriceBook({ sources: [() => [one]], version: "1" });
  const at = monday + minute * 60_000;
  const sheet = book.sheet({ ...model, at }) ?? assert.fail("no price");
  const usage = { input: 3, output: 5, cache_read: 7, cache_write_5m: 11, input_audio: 13 };
  const lines = sheet.charge({ model: null, usage }, { serviceTier: "standard", at });
  return lines.reduce((sum, { cost: line }) => sum + line, 0n);
}

test("the rates of most hours become those of the row", () => {
  const turned = withUsualHours(byNight);
  assert.deepEqual([turned.rates, turned.schedules], [byDay.rates, byDay.schedules]);
  assert.equal(withUsualHours(byDay), byDay);
});

test("rows with the same price at each hour do not differ, and are no news", () => {
  assert.deepEqual(compareRows(byDay, byNight), []);
  const book = makePriceBook({ sources: [() => [byDay]], version: "1" });
  assert.equal(changeOf({ ...model, rows: [byNight] }, { book, at: monday }), null);
});

test("an hour that changes is a change, also if the rates of the row are the same", () => {
  const longer = row({
    input: "1",
    output: "4",
    hours: [{ days: weekdays, from: "08:00", to: "19:00", input: "2", output: "8" }],
  });
  const inputs = compareRows(byNight, longer).filter(({ meter }) => meter === "input");
  assert.deepEqual(
    inputs.map(({ before, after }) => [before, after]),
    [[pico(1_000_000n), pico(2_000_000n)]],
  );
});

test("the effect on spend takes the rates of most hours", () => {
  assert.equal(standardPerUnit(byNight, "input"), standardPerUnit(byDay, "input"));
});

test("what a list leaves out follows the price of the same hours", () => {
  const present = { ...byDay, rates: { ...byDay.rates, cache_read: pico(100_000n) } };
  const book = makePriceBook({ sources: [() => [present]], version: "1" });
  const dearer = { ...byNight, rates: { ...byNight.rates, output: pico(9_000_000n) } };
  const change = changeOf({ ...model, rows: [dearer] }, { book, at: monday });
  assert.equal(change?.rows[0]?.rates.cache_read, 100_000n);
});

test("a call costs the same at each hour, whatever the hours are", () => {
  const rate = fc.integer({ min: 1, max: 9 }).map(String);
  const rates = fc.record(
    { input: rate, output: rate, cache_read: rate, input_audio: rate },
    { requiredKeys: ["input", "output"] },
  );
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  const hours = fc
    .record({
      days: fc.subarray([...weekdays, ...weekend], { minLength: 1 }),
      edges: fc.uniqueArray(fc.integer({ min: 0, max: 1440 }), { minLength: 2, maxLength: 2 }),
      rates,
    })
    .map(({ days, edges, rates: own }) => {
      const [from = 0, to = 0] = edges.toSorted((left, right) => left - right);
      return { days, from: clock(from), to: clock(to), ...own };
    });
  fc.assert(
    fc.property(
      rates,
      fc.array(hours, { maxLength: 4 }),
      fc.integer({ min: 0, max: weekMinutes - 1 }),
      (own, spans, minute) => {
        const one = row({ ...own, ...(spans.length > 0 && { hours: spans }) });
        const turned = withUsualHours(one);
        assert.equal(cost(turned, minute), cost(one, minute));
        assert.deepEqual(compareRows(one, turned), []);
      },
    ),
    { numRuns: 300 },
  );
});
