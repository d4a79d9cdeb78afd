/** The periods of a scheduled export, and when their files are due. */

import type { ExportSchedule } from "../port/export-schedule.ts";
import { calendarWindow, type Range } from "../report/range.ts";

type Recurrence = Pick<ExportSchedule, "every" | "timeZone" | "at">;

/** Periods before that are not made up for, if the server was down. */
export const mostMissed = 31;

/** When the file of a period is made: at the set time of the day on which it has ended. */
export function dueAt({ timeZone, at }: Recurrence, { to }: Range): number {
  const plainTime = Temporal.PlainTime.from({ hour: Math.floor(at / 60), minute: at % 60 });
  const day = Temporal.Instant.fromEpochMilliseconds(to).toZonedDateTimeISO(timeZone).toPlainDate();
  return Math.max(to, day.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds);
}

/** The period that is under way, or whose file is not due yet: the next one to make. */
export function nextPeriod(schedule: Recurrence, now: number): Range {
  const current = calendarWindow(now, schedule.every, schedule.timeZone);
  const last = before(schedule, current);
  return dueAt(schedule, last) > now ? last : current;
}

/**
 * The periods whose files are due and not made, the oldest first.
 *
 * @param doneTo The end of the last period that was made; null for a new schedule, which begins
 *   with the last period that is due.
 */
export function missingPeriods(
  schedule: Recurrence,
  { now, doneTo }: { readonly now: number; readonly doneTo: number | null },
): readonly Range[] {
  const missing: Range[] = [];
  let period = before(schedule, nextPeriod(schedule, now));
  const most = doneTo === null ? 1 : mostMissed;
  const isMissing = ({ to }: Range): boolean => doneTo === null || to > doneTo;
  while (missing.length < most && isMissing(period)) {
    missing.push(period);
    period = before(schedule, period);
  }
  return missing.toReversed();
}

function before({ every, timeZone }: Recurrence, { from }: Range): Range {
  return calendarWindow(from - 1, every, timeZone);
}

/** `purser-finance-month-2026-10-01.csv`, with the first day of the period. */
export function fileNameOf(
  { name, every, timeZone, format }: Omit<ExportSchedule, "target" | "at">,
  { from }: Range,
): string {
  const day = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone);
  const ending = format === "focus" ? "focus.csv" : format;
  return `purser-${name}-${every}-${day.toPlainDate().toString()}.${ending}`;
}
