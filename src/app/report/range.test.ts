/** Tests the ranges of reports and those before them, across clock changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeBefore, rangeOf, type AskedRange } from "./range.ts";

const timeZone = "Europe/Berlin";

function ranges(now: string, asked: AskedRange, isWhole = false): readonly string[] {
  const setting = { now: Date.parse(now) - 1, bucket: "none", timeZone } as const;
  const range = rangeOf(asked, setting);
  const before = rangeBefore(range, { timeZone, isWhole });
  const times = [range.from, range.to, before.from, before.to];
  return [...times.map((at) => new Date(at).toISOString().slice(5, 16)), before.kind];
}

test("a day after a clock change is compared with the shorter day before it", () => {
  // On 2026-03-29, Berlin has 23 hours.
  const now = "2026-03-30T10:00:00Z";
  const toDate = ["03-29T22:00", "03-30T10:00", "03-28T23:00", "03-29T10:00", "calendar_to_date"];
  assert.deepEqual(ranges(now, { window: "today" }), toDate);
  const whole = ["03-29T22:00", "03-30T10:00", "03-28T23:00", "03-29T22:00", "calendar"];
  assert.deepEqual(ranges(now, { window: "today" }, true), whole);
  const days = ["03-28T23:00", "03-29T22:00", "03-27T23:00", "03-28T23:00", "calendar"];
  assert.deepEqual(ranges(now, { window: "yesterday" }), days);
});

test("weeks begin on Monday, and a month is compared with the month before it", () => {
  const now = "2026-03-31T12:00:00Z";
  const week = ["03-29T22:00", "03-31T12:00", "03-22T23:00", "03-24T13:00", "calendar_to_date"];
  assert.deepEqual(ranges(now, { window: "this_week" }), week);
  // February has no 31st: its last day is compared, up to the same time.
  const month = ["02-28T23:00", "03-31T12:00", "01-31T23:00", "02-28T13:00", "calendar_to_date"];
  assert.deepEqual(ranges(now, { window: "this_month" }), month);
  const last = ["01-31T23:00", "02-28T23:00", "12-31T23:00", "01-31T23:00", "calendar"];
  assert.deepEqual(ranges(now, { window: "last_month" }), last);
});

test("the last days are those of the wall clock, and are compared with as long a time", () => {
  const now = "2026-03-30T10:00:00Z";
  const days = ["03-28T11:00", "03-30T10:00", "03-26T12:00", "03-28T11:00", "equal_length"];
  assert.deepEqual(ranges(now, { last: "2d" }), days);
  const hours = ["03-29T10:00", "03-30T10:00", "03-28T10:00", "03-29T10:00", "equal_length"];
  assert.deepEqual(ranges(now, { last: "24h" }), hours);
  assert.deepEqual(ranges(now, { last: "1m" })[0], "02-28T11:00");
});

test("without a range, it is the usual one of the bucket", () => {
  assert.deepEqual(ranges("2026-03-30T10:00:00Z", {})[0], "02-28T10:00");
});
