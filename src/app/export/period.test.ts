/** Tests the periods of scheduled exports, with daylight saving and missed runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { calendarWindow } from "../report/range.ts";
import { dueAt, fileNameOf, missingPeriods, mostMissed, nextPeriod } from "./period.ts";

const berlin = { every: "day", timeZone: "Europe/Berlin", at: 2 * 60 + 30 } as const;
const utc = { every: "month", timeZone: "UTC", at: 0 } as const;
const ms = (text: string): number => Date.parse(text);

test("a new schedule begins with the last period that is due", () => {
  const now = ms("2026-11-29T12:00:00Z");
  const [period, ...more] = missingPeriods(utc, { now, doneTo: null });
  assert.deepEqual(period, { from: ms("2026-10-01"), to: ms("2026-11-01") });
  assert.deepEqual(more, []);
});

test("a period is missing once it is due, and until it is done", () => {
  const due = ms("2026-11-29T01:30:00Z");
  const doneTo = ms("2026-11-27T23:00:00Z");
  assert.deepEqual(missingPeriods(berlin, { now: due - 1, doneTo }), []);
  const [period, ...more] = missingPeriods(berlin, { now: due, doneTo });
  assert.deepEqual(period, { from: doneTo, to: ms("2026-11-28T23:00:00Z") });
  assert.deepEqual(more, []);
  assert.deepEqual(missingPeriods(berlin, { now: due, doneTo: period?.to ?? 0 }), []);
  assert.deepEqual(nextPeriod(berlin, due - 1), period);
  assert.equal(nextPeriod(berlin, due).from, period?.to);
});

test("missed periods are made up for, the oldest first, without gaps, up to a bound", () => {
  const now = ms("2026-11-29T12:00:00Z");
  const all = missingPeriods(berlin, { now, doneTo: ms("2026-11-19T23:00:00Z") });
  assert.equal(all.length, 9);
  assert.equal(all[0]?.from, ms("2026-11-19T23:00:00Z"));
  for (const [place, { from }] of all.entries())
    if (place > 0) assert.equal(from, all[place - 1]?.to);
  const bounded = missingPeriods(berlin, { now, doneTo: 0 });
  assert.equal(bounded.length, mostMissed);
  assert.deepEqual(bounded.at(-1), all.at(-1));
});

test("a time of day that a clock change skips is the first one after it", () => {
  const day = calendarWindow(ms("2026-03-28T12:00:00Z"), "day", "Europe/Berlin");
  assert.equal(dueAt(berlin, day), ms("2026-03-29T01:30:00Z"));
});

test("the name of a file has the schedule, and the first day in its time zone", () => {
  const period = calendarWindow(ms("2026-11-28T23:30:00Z"), "day", "Europe/Berlin");
  const schedule = { ...berlin, name: "finance", format: "focus" } as const;
  assert.equal(fileNameOf(schedule, period), "purser-finance-day-2026-11-29.focus.csv");
});
