/** Tests quiet hours: over midnight, in time zones, and when clocks change. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { quietUntil } from "./quiet-hours.ts";

const night = { from: 22 * 60, to: 7 * 60, timeZone: "Europe/Berlin" };
const noon = { from: 12 * 60, to: 13 * 60 + 30, timeZone: "UTC" };

function end(hours: typeof night, now: string): string | null {
  const until = quietUntil(hours, Date.parse(now));
  return until === null ? null : new Date(until).toISOString();
}

test("a night ends the next morning, local time", () => {
  assert.equal(end(night, "2026-11-29T20:59:59Z"), null);
  assert.equal(end(night, "2026-11-29T21:00:00Z"), "2026-11-30T06:00:00.000Z");
  assert.equal(end(night, "2026-11-30T05:59:59Z"), "2026-11-30T06:00:00.000Z");
  assert.equal(end(night, "2026-11-30T06:00:00Z"), null);
});

test("the end follows daylight saving", () => {
  assert.equal(end(night, "2026-03-28T22:00:00Z"), "2026-03-29T05:00:00.000Z");
  assert.equal(end(night, "2026-10-24T21:00:00Z"), "2026-10-25T06:00:00.000Z");
});

test("hours of one day", () => {
  assert.equal(end(noon, "2026-11-29T11:59:00Z"), null);
  assert.equal(end(noon, "2026-11-29T12:00:00Z"), "2026-11-29T13:30:00.000Z");
  assert.equal(end(noon, "2026-11-29T13:30:00Z"), null);
});
