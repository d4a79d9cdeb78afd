/**
 * Finds the budget window (such as a calendar month) that contains an instant, in the budget's time
 * zone.
 */

import { assert } from "../assert.ts";
import type { Budget, Period } from "./budget.ts";

/** The fields that determine the windows of a budget. */
export type Recurrence = Pick<Budget, "period" | "timeZone" | "anchor" | "start" | "end">;

/**
 * `start` is included and `end` is not, in milliseconds since the epoch; `end` is null for a window
 * that never ends.
 */
export interface Window {
  readonly start: number;
  readonly end: number | null;
}

/**
 * The windows of a budget have no gaps and no overlap: the end of one is the start of the next.
 *
 * A window begins at the first instant at which the wall clock shows its start or later. If a clock
 * change skips midnight, the day begins right after the change; if midnight occurs twice, it begins
 * at the first. Hours begin at the anchor's minute of every elapsed hour, so an hour shown twice is
 * two windows.
 *
 * @returns `not_begun` or `over` only for a budget with the period `once`.
 */
export function windowAt(budget: Recurrence, atMs: number): Window | "not_begun" | "over" {
  assert(Number.isSafeInteger(atMs), "an instant is a whole number of milliseconds");
  switch (budget.period) {
    case "once":
      return onceAt(budget, atMs);
    case "hour":
      return { start: hourStart(budget, atMs), end: hourEnd(budget, atMs) };
    default:
      return calendarWindow(budget, budget.period, atMs);
  }
}

type CalendarPeriod = Exclude<Period, "once" | "hour">;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const steps: Readonly<Record<CalendarPeriod, Temporal.DurationLike>> = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
};

function onceAt(budget: Recurrence, atMs: number): Window | "not_begun" | "over" {
  const start = budget.start ?? 0;
  if (atMs < start) return "not_begun";
  if (budget.end !== null && atMs >= budget.end) return "over";
  return { start, end: budget.end };
}

/**
 * Starts from the window that the wall clock shows, then compares instants only: a clock set back
 * past midnight shows the previous day, whose window is over, and a skipped day has an empty
 * window.
 */
function calendarWindow(budget: Recurrence, period: CalendarPeriod, atMs: number): Window {
  const step = steps[period];
  let local = localStart(wallClock(budget, atMs), period, budget.anchor);
  let start = firstInstantOf(local, budget.timeZone);
  assert(
    start <= atMs,
    "a wall clock that shows a window's beginning, or later, has passed the first instant that does",
  );
  for (;;) {
    local = local.add(step);
    const end = firstInstantOf(local, budget.timeZone);
    if (end > atMs) return { start, end };
    start = end;
  }
}

/** The latest calendar start of a window that is not after `at`. */
function localStart(
  at: Temporal.PlainDateTime,
  period: CalendarPeriod,
  anchor: number,
): Temporal.PlainDateTime {
  const start = localCandidate(at, period, anchor);
  return Temporal.PlainDateTime.compare(start, at) > 0 ? start.subtract(steps[period]) : start;
}

function localCandidate(
  at: Temporal.PlainDateTime,
  period: CalendarPeriod,
  anchor: number,
): Temporal.PlainDateTime {
  const midnight = at.withPlainTime();
  switch (period) {
    case "day":
      return midnight.with({ hour: anchor });
    case "week":
      return midnight.subtract({ days: at.dayOfWeek - anchor });
    case "month":
      return midnight.with({ day: anchor });
    case "quarter":
      return midnight.with({ month: at.month - ((at.month - 1) % 3), day: anchor });
    default:
      return midnight.with({ month: 1, day: anchor });
  }
}

/**
 * The first instant at which the wall clock shows `local` or, if skipped, the time after the gap.
 */
function firstInstantOf(local: Temporal.PlainDateTime, timeZone: string): number {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  if (earlier.toPlainDateTime().equals(local)) return earlier.epochMilliseconds;
  const gap = earlier.getTimeZoneTransition("next");
  assert(gap !== null, "a wall clock skips time only where its zone changes");
  return gap.epochMilliseconds;
}

function wallClock(budget: Recurrence, atMs: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(budget.timeZone)
    .toPlainDateTime();
}

/**
 * The last instant, up to and including `atMs`, at which the wall clock shows the anchor's minute.
 */
function hourStart(budget: Recurrence, atMs: number): number {
  for (let instant = atMs; ;) {
    const start = floorToHour(budget, instant);
    const change = zoned(budget, instant + 1).getTimeZoneTransition("previous")?.epochMilliseconds;
    if (change === undefined || start >= change) return start;
    instant = change - 1;
  }
}

/** The first instant after `atMs` at which the wall clock shows the anchor's minute. */
function hourEnd(budget: Recurrence, atMs: number): number {
  for (let instant = atMs; ;) {
    const end = floorToHour(budget, instant) + hourMs;
    const change = zoned(budget, instant).getTimeZoneTransition("next")?.epochMilliseconds;
    if (change === undefined || end < change) return end;
    if (floorToHour(budget, change) === change) return change;
    instant = change;
  }
}

/** Uses the zone's offset at `instant`, even if it was different before. */
function floorToHour(budget: Recurrence, instant: number): number {
  const offsetMs = zoned(budget, instant).offsetNanoseconds / 1_000_000;
  const shifted = instant + offsetMs - budget.anchor * minuteMs;
  return Math.floor(shifted / hourMs) * hourMs - offsetMs + budget.anchor * minuteMs;
}

function zoned(budget: Recurrence, instant: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(budget.timeZone);
}
