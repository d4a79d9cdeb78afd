/** Finds the range of time that a report is about, and the range before it. */

import { assert } from "../../domain/assert.ts";
import { windowAt, type Window } from "../../domain/budget/window.ts";
import { PurserError } from "../../domain/error.ts";

/** `none` returns only the sums over the whole range. */
export type BucketName = "none" | "hour" | "day" | "week" | "month";

export const calendarNames = [
  "today",
  "yesterday",
  "this_week",
  "last_week",
  "this_month",
  "last_month",
] as const;
export type CalendarName = (typeof calendarNames)[number];

/** What the user asked for: times, or `last`, or `window`. Times are in milliseconds. */
export interface AskedRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Such as `7d`; units are h, d, w and m. */
  readonly last?: string | undefined;
  readonly window?: CalendarName | undefined;
}

export interface Range {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface ReportRange extends Range {
  readonly window: CalendarName | null;
}

/** How a range was chosen to compare with. */
export type BeforeKind = "equal_length" | "calendar" | "calendar_to_date";

export interface RangeBefore extends Range {
  readonly kind: BeforeKind;
}

const dayMs = 86_400_000;

/** The length of a range without a start. */
export const usualRangeMs: Readonly<Record<BucketName, number>> = {
  none: 30 * dayMs,
  hour: dayMs,
  day: 30 * dayMs,
  week: 12 * 7 * dayMs,
  month: 365 * dayMs,
};

interface RangeSetting {
  readonly now: number;
  readonly bucket: BucketName;
  readonly timeZone: string;
}

/**
 * A range that is not over ends now. Days, weeks and months are those of the time zone.
 *
 * @throws PurserError `invalid_request` for an unknown time zone, a start in the future, an invalid
 *   `last`, or several ways to give the range.
 */
export function rangeOf(asked: AskedRange, { now, bucket, timeZone }: RangeSetting): ReportRange {
  checkTimeZone(timeZone);
  checkOneWay(asked);
  const end = now + 1;
  if (asked.window !== undefined)
    return { ...calendarRange(asked.window, now, timeZone), window: asked.window };
  if (asked.last !== undefined)
    return { from: before(end, lengthOf(asked.last), timeZone), to: end, window: null };
  const to = asked.to ?? end;
  const from = asked.from ?? to - usualRangeMs[bucket];
  if (from >= to && asked.to === undefined) {
    throw new PurserError("invalid_request", "from is in the future", {
      field: "from",
      remedy: "Give a time in the past, or a later `to`.",
    });
  }
  return { from, to, window: null };
}

/**
 * A calendar window is compared with the one before: up to the same time of day and of the week or
 * month if it is not over, or with all of it. Any other range is compared with the time of equal
 * length before it.
 */
export function rangeBefore(
  { from, to, window }: ReportRange,
  { timeZone, isWhole }: { readonly timeZone: string; readonly isWhole: boolean },
): RangeBefore {
  if (window === null) return { from: from - (to - from), to: from, kind: "equal_length" };
  const period = periods[window];
  const earlier = calendarWindow(from - 1, period, timeZone);
  if (isWhole || !window.startsWith("t")) return { ...earlier, kind: "calendar" };
  const same = before(to, { [`${period}s`]: 1 }, timeZone);
  const end = Math.max(earlier.from + 1, Math.min(earlier.to, same));
  return { from: earlier.from, to: end, kind: "calendar_to_date" };
}

/** Minute, hour, weekday and day of the month at the start of a bucket. */
export const firstOf = { hour: 0, day: 0, week: 1, month: 1 } as const;

/** @throws PurserError `invalid_request` */
export function checkTimeZone(timeZone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timeZone);
  } catch (cause) {
    throw new PurserError("invalid_request", `time_zone: "${timeZone.slice(0, 40)}" is unknown`, {
      field: "time_zone",
      remedy: 'Give an IANA name, such as "Europe/Berlin" or "UTC".',
      cause,
    });
  }
}

type Period = "day" | "week" | "month";

const periods: Readonly<Record<CalendarName, Period>> = {
  today: "day",
  yesterday: "day",
  this_week: "week",
  last_week: "week",
  this_month: "month",
  last_month: "month",
};

function checkOneWay({ from, to, last, window }: AskedRange): void {
  const isTimed = from !== undefined || to !== undefined;
  const [first, second] = [
    ...(last === undefined ? [] : ["last"]),
    ...(window === undefined ? [] : ["window"]),
    ...(isTimed ? [from === undefined ? "to" : "from"] : []),
  ];
  if (first === undefined || second === undefined) return;
  throw new PurserError("invalid_request", `${first}: cannot be combined with \`${second}\``, {
    field: first,
    remedy: "Give `from` and `to`, or `last`, or `window`.",
  });
}

function calendarRange(window: CalendarName, now: number, timeZone: string): Range {
  const current = calendarWindow(now, periods[window], timeZone);
  if (window.startsWith("t")) return { from: current.from, to: Math.min(current.to, now + 1) };
  return calendarWindow(current.from - 1, periods[window], timeZone);
}

/** The day, week, month, ... that has an instant. Weeks begin on Monday. */
export function calendarWindow(at: number, period: Period, timeZone: string): Range {
  const recurrence = { period, timeZone, anchor: firstOf[period], start: null, end: null };
  const window: Window | string = windowAt(recurrence, at);
  assert(typeof window !== "string" && window.end !== null, "a calendar window has an end");
  return { from: window.start, to: window.end };
}

const units = { h: "hours", d: "days", w: "weeks", m: "months" } as const;
/** About ten years. */
const most = { h: 90_000, d: 3660, w: 520, m: 120 } as const;

function lengthOf(last: string): Temporal.DurationLike {
  const [, digits = "", unit = ""] = /^(\d{1,6})([hdwm])$/.exec(last) ?? [];
  const count = Number(digits);
  if ((unit === "h" || unit === "d" || unit === "w" || unit === "m") && count >= 1)
    if (count <= most[unit]) return { [units[unit]]: count };
  throw new PurserError("invalid_request", `last: "${last.slice(0, 20)}" is not valid`, {
    field: "last",
    remedy: "Give a number of hours, days, weeks or months, up to ten years: 24h, 7d, 4w or 3m.",
  });
}

/** Days, weeks and months are those of the wall clock: a day may have 23 or 25 hours. */
function before(at: number, length: Temporal.DurationLike, timeZone: string): number {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  return zoned.subtract(length).epochMilliseconds;
}
