/** Time-of-day prices. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico } from "../../money/money.ts";
import type { Schedule } from "./row.ts";
import { nextScheduleEdge, scheduledRates } from "./schedule.ts";

const peak: Schedule = {
  weekdays: [1, 2, 3, 4, 5],
  fromMinute: 60,
  toMinute: 240,
  rates: { input: pico(2n) },
};
const at = (time: string): number => Date.parse(time);

test("a schedule applies from its first minute up to its end, excluded", () => {
  // 2026-11-20 is a Friday.
  assert.equal(scheduledRates([peak], at("2026-11-20T00:59:59.999Z")), undefined);
  assert.equal(scheduledRates([peak], at("2026-11-20T01:00:00Z")), peak.rates);
  assert.equal(scheduledRates([peak], at("2026-11-20T03:59:59.999Z")), peak.rates);
  assert.equal(scheduledRates([peak], at("2026-11-20T04:00:00Z")), undefined);
});

test("a schedule does not apply on other weekdays", () => {
  for (const day of ["2026-11-21", "2026-11-22"])
    assert.equal(scheduledRates([peak], at(`${day}T02:00:00Z`)), undefined, day);
  assert.equal(scheduledRates([peak], at("2026-11-23T02:00:00Z")), peak.rates);
});

test("the next edge is the next start or end, even across the weekend", () => {
  assert.equal(nextScheduleEdge([peak], at("2026-11-20T00:30:00Z")), at("2026-11-20T01:00:00Z"));
  assert.equal(nextScheduleEdge([peak], at("2026-11-20T01:00:00Z")), at("2026-11-20T04:00:00Z"));
  assert.equal(nextScheduleEdge([peak], at("2026-11-20T04:00:00Z")), at("2026-11-23T01:00:00Z"));
  assert.equal(nextScheduleEdge([], at("2026-11-20T04:00:00Z")), Number.POSITIVE_INFINITY);
});

test("a schedule of one weekday has an edge within eight days of any time", () => {
  const sunday: Schedule = { weekdays: [7], fromMinute: 0, toMinute: 1440, rates: {} };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (moment) => {
      const edge = nextScheduleEdge([sunday], moment);
      assert.ok(edge > moment && edge <= moment + 8 * 86_400_000);
      const before = scheduledRates([sunday], moment);
      assert.equal(scheduledRates([sunday], edge - 1), before, "nothing changes before the edge");
    }),
  );
});
