/** Budget windows: calendar periods, time zones and clock changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Period } from "./budget.ts";
import { type Recurrence, type Window, windowAt } from "./window.ts";

const hourMs = 3_600_000;

function recurring(
  period: Period,
  timeZone = "UTC",
  anchor = period === "hour" || period === "day" ? 0 : 1,
): Recurrence {
  return { period, timeZone, anchor, start: null, end: null };
}

function at(text: string): number {
  return Temporal.Instant.from(text).epochMilliseconds;
}

function openWindow(
  budget: Recurrence,
  atMs: number,
): { readonly start: number; readonly end: number } {
  const window = windowAt(budget, atMs);
  assert.ok(typeof window === "object" && window.end !== null);
  return { start: window.start, end: window.end };
}

function shown(window: Window | string): readonly string[] {
  if (typeof window === "string") return [window];
  return [window.start, window.end].map((instant) =>
    instant === null ? "never" : new Date(instant).toISOString().replace(".000Z", "Z"),
  );
}

const cases: readonly (readonly [
  fact: string,
  budget: Recurrence,
  at: string,
  start: string,
  end: string,
])[] = [
  [
    "a day in UTC begins at midnight",
    recurring("day"),
    "2026-03-05T13:00:00Z",
    "2026-03-05T00:00:00Z",
    "2026-03-06T00:00:00Z",
  ],
  [
    "a window contains its start",
    recurring("day"),
    "2026-03-05T00:00:00Z",
    "2026-03-05T00:00:00Z",
    "2026-03-06T00:00:00Z",
  ],
  [
    "a window does not contain its end",
    recurring("day"),
    "2026-03-05T23:59:59.999Z",
    "2026-03-05T00:00:00Z",
    "2026-03-06T00:00:00Z",
  ],
  [
    "a day anchored at 6 begins at 6",
    recurring("day", "UTC", 6),
    "2026-03-05T05:59:59Z",
    "2026-03-04T06:00:00Z",
    "2026-03-05T06:00:00Z",
  ],
  [
    "a day has 23 hours in spring",
    recurring("day", "Europe/Berlin"),
    "2026-03-29T12:00:00Z",
    "2026-03-28T23:00:00Z",
    "2026-03-29T22:00:00Z",
  ],
  [
    "a day has 25 hours in autumn",
    recurring("day", "Europe/Berlin"),
    "2026-10-25T12:00:00Z",
    "2026-10-24T22:00:00Z",
    "2026-10-25T23:00:00Z",
  ],
  [
    "a day whose midnight is skipped begins after the gap",
    recurring("day", "America/Sao_Paulo"),
    "2018-11-04T12:00:00Z",
    "2018-11-04T03:00:00Z",
    "2018-11-05T02:00:00Z",
  ],
  [
    "a day whose midnight comes twice begins at the first",
    recurring("day", "America/Havana"),
    "2026-11-01T05:30:00Z",
    "2026-11-01T04:00:00Z",
    "2026-11-02T05:00:00Z",
  ],
  [
    "a clock set back past midnight does not reopen the day before",
    recurring("day", "America/St_Johns"),
    "2006-10-29T02:45:00Z",
    "2006-10-29T02:30:00Z",
    "2006-10-30T03:30:00Z",
  ],
  [
    "a gap that covers midnight begins the day where the gap ends",
    recurring("day", "America/Toronto"),
    "1919-03-31T12:00:00Z",
    "1919-03-31T04:30:00Z",
    "1919-04-01T04:00:00Z",
  ],
  [
    "a day that does not exist has no window",
    recurring("day", "Pacific/Apia"),
    "2011-12-30T10:00:00Z",
    "2011-12-30T10:00:00Z",
    "2011-12-31T10:00:00Z",
  ],
  [
    "the day before one that does not exist is whole",
    recurring("day", "Pacific/Apia"),
    "2011-12-30T09:59:59Z",
    "2011-12-29T10:00:00Z",
    "2011-12-30T10:00:00Z",
  ],
  [
    "an anchored hour that is skipped begins after the gap",
    recurring("day", "Europe/Berlin", 2),
    "2026-03-29T12:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-03-30T00:00:00Z",
  ],
  [
    "a day in Kathmandu begins at a quarter past in UTC",
    recurring("day", "Asia/Kathmandu"),
    "2026-06-01T00:00:00Z",
    "2026-05-31T18:15:00Z",
    "2026-06-01T18:15:00Z",
  ],
  [
    "a week begins on Monday",
    recurring("week"),
    "2026-11-22T12:00:00Z",
    "2026-11-16T00:00:00Z",
    "2026-11-23T00:00:00Z",
  ],
  [
    "a week anchored at 7 begins on Sunday",
    recurring("week", "UTC", 7),
    "2026-11-22T12:00:00Z",
    "2026-11-22T00:00:00Z",
    "2026-11-29T00:00:00Z",
  ],
  [
    "a week crosses a year",
    recurring("week"),
    "2027-01-01T00:00:00Z",
    "2026-12-28T00:00:00Z",
    "2027-01-04T00:00:00Z",
  ],
  [
    "February has 29 days in a leap year",
    recurring("month"),
    "2028-02-29T23:00:00Z",
    "2028-02-01T00:00:00Z",
    "2028-03-01T00:00:00Z",
  ],
  [
    "2100 is no leap year",
    recurring("month"),
    "2100-02-10T00:00:00Z",
    "2100-02-01T00:00:00Z",
    "2100-03-01T00:00:00Z",
  ],
  [
    "a month anchored at 28 crosses February",
    recurring("month", "UTC", 28),
    "2026-02-27T00:00:00Z",
    "2026-01-28T00:00:00Z",
    "2026-02-28T00:00:00Z",
  ],
  [
    "a month belongs to the zone's calendar",
    recurring("month", "America/Los_Angeles"),
    "2026-04-01T06:00:00Z",
    "2026-03-01T08:00:00Z",
    "2026-04-01T07:00:00Z",
  ],
  [
    "a quarter begins in January, April, July or October",
    recurring("quarter"),
    "2026-06-30T23:59:59Z",
    "2026-04-01T00:00:00Z",
    "2026-07-01T00:00:00Z",
  ],
  [
    "a quarter anchored at 15 begins on its 15th",
    recurring("quarter", "UTC", 15),
    "2026-01-14T00:00:00Z",
    "2025-10-15T00:00:00Z",
    "2026-01-15T00:00:00Z",
  ],
  [
    "a year anchored at 6 begins on 6 January",
    recurring("year", "UTC", 6),
    "2026-01-05T23:00:00Z",
    "2025-01-06T00:00:00Z",
    "2026-01-06T00:00:00Z",
  ],
  [
    "an hour begins at the full hour",
    recurring("hour"),
    "2026-01-01T10:59:59Z",
    "2026-01-01T10:00:00Z",
    "2026-01-01T11:00:00Z",
  ],
  [
    "an hour anchored at 30 begins at half past",
    recurring("hour", "UTC", 30),
    "2026-01-01T10:29:59Z",
    "2026-01-01T09:30:00Z",
    "2026-01-01T10:30:00Z",
  ],
  [
    "an hour in India begins at half past in UTC",
    recurring("hour", "Asia/Kolkata"),
    "2026-01-01T10:00:00Z",
    "2026-01-01T09:30:00Z",
    "2026-01-01T10:30:00Z",
  ],
  [
    "an hour that the clock shows twice is two windows",
    recurring("hour", "Europe/Berlin"),
    "2026-10-25T01:30:00Z",
    "2026-10-25T01:00:00Z",
    "2026-10-25T02:00:00Z",
  ],
  [
    "an hour ends where the clock goes forward",
    recurring("hour", "Europe/Berlin"),
    "2026-03-29T00:30:00Z",
    "2026-03-29T00:00:00Z",
    "2026-03-29T01:00:00Z",
  ],
  [
    "a half-hour step back gives one longer hour",
    recurring("hour", "Australia/Lord_Howe"),
    "2026-04-04T15:20:00Z",
    "2026-04-04T14:00:00Z",
    "2026-04-04T15:30:00Z",
  ],
  [
    "a half-hour step forward gives one longer hour",
    recurring("hour", "Australia/Lord_Howe"),
    "2026-10-03T15:45:00Z",
    "2026-10-03T14:30:00Z",
    "2026-10-03T16:00:00Z",
  ],
];

for (const [fact, budget, instant, start, end] of cases) {
  test(fact, () => assert.deepEqual(shown(windowAt(budget, at(instant))), [start, end]));
}

test("a one-time budget is open from its start (included) to its end (excluded)", () => {
  const once: Recurrence = { period: "once", timeZone: "UTC", anchor: 0, start: 100, end: 200 };
  assert.equal(windowAt(once, 99), "not_begun");
  assert.deepEqual(windowAt(once, 100), { start: 100, end: 200 });
  assert.deepEqual(windowAt(once, 199), { start: 100, end: 200 });
  assert.equal(windowAt(once, 200), "over");
  assert.deepEqual(windowAt({ ...once, end: null }, 200), { start: 100, end: null });
  assert.deepEqual(windowAt({ ...once, start: null }, 50), { start: 0, end: 200 });
});

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "America/Havana",
  "America/St_Johns",
  "America/Toronto",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Tehran",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Africa/Casablanca",
  "Africa/Monrovia",
  "Antarctica/Troll",
];

const anchorBounds = {
  hour: [0, 59],
  day: [0, 23],
  week: [1, 7],
  month: [1, 28],
  quarter: [1, 28],
  year: [1, 28],
} as const;

const anyRecurrence: fc.Arbitrary<Recurrence> = fc
  .tuple(
    fc.constantFrom("hour", "day", "week", "month", "quarter", "year"),
    fc.constantFrom(...zones),
  )
  .chain(([period, timeZone]) => {
    const [min, max] = anchorBounds[period];
    return fc
      .oneof(fc.constant(min), fc.integer({ min, max }))
      .map((anchor): Recurrence => ({ period, timeZone, anchor, start: null, end: null }));
  });

function anyWithin(distance: number): fc.Arbitrary<number> {
  return fc.integer({ min: -distance, max: distance });
}

/** Any instant of two centuries, often within hours of a clock change of the zone. */
function anyInstant(timeZone: string): fc.Arbitrary<number> {
  const any = fc.integer({ min: at("1900-01-01T00:00:00Z"), max: at("2100-01-01T00:00:00Z") });
  const nearChange = fc
    .tuple(any, fc.oneof(anyWithin(2 * hourMs), anyWithin(26 * hourMs)))
    .map(([instant, distance]) => {
      const change = Temporal.Instant.fromEpochMilliseconds(instant)
        .toZonedDateTimeISO(timeZone)
        .getTimeZoneTransition("next");
      return (change?.epochMilliseconds ?? instant) + distance;
    });
  return fc.oneof(any, nearChange);
}

const anyMoment = anyRecurrence.chain((budget) =>
  anyInstant(budget.timeZone).map((instant) => ({ budget, instant })),
);

test("windows tile time: each contains its instant and is adjacent to its neighbours", () => {
  fc.assert(
    fc.property(anyMoment, ({ budget, instant }) => {
      const window = openWindow(budget, instant);
      assert.ok(window.start <= instant && instant < window.end);
      assert.deepEqual(openWindow(budget, window.start), window);
      assert.deepEqual(openWindow(budget, window.end - 1), window);
      assert.equal(openWindow(budget, window.end).start, window.end);
      assert.equal(openWindow(budget, window.start - 1).end, window.start);
    }),
    { numRuns: 3000 },
  );
});

test("the wall clock shows the anchor at a window's start, unless the zone skips it", () => {
  fc.assert(
    fc.property(anyMoment, ({ budget, instant }) => {
      const { start } = openWindow(budget, instant);
      const local = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(
        budget.timeZone,
      );
      const before = Temporal.Instant.fromEpochMilliseconds(start - 1).toZonedDateTimeISO(
        budget.timeZone,
      );
      if (local.offsetNanoseconds !== before.offsetNanoseconds && budget.period !== "hour") return;
      assert.equal(local.second, 0);
      assert.equal(local.minute, budget.period === "hour" ? budget.anchor : 0);
      if (budget.period === "hour") return;
      assert.equal(local.hour, budget.period === "day" ? budget.anchor : 0);
      if (budget.period === "week") assert.equal(local.dayOfWeek, budget.anchor);
      else if (budget.period !== "day") assert.equal(local.day, budget.anchor);
      if (budget.period === "quarter") assert.equal(local.month % 3, 1);
      if (budget.period === "year") assert.equal(local.month, 1);
    }),
    { numRuns: 2000 },
  );
});
