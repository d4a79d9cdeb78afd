/** Finds the end of quiet hours, in the time zone of the receiver. */

import type { QuietHours } from "../app/port/notifier-settings.ts";

/**
 * @param now Milliseconds since the epoch.
 * @returns When the quiet hours end, if `now` is within them; otherwise null.
 */
export function quietUntil({ from, to, timeZone }: QuietHours, now: number): number | null {
  const time = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  const minute = time.hour * 60 + time.minute;
  const isOverMidnight = from > to;
  const isQuiet = isOverMidnight ? minute >= from || minute < to : minute >= from && minute < to;
  if (!isQuiet) return null;
  const day = isOverMidnight && minute >= from ? time.add({ days: 1 }) : time;
  const end = day.toPlainDate().toZonedDateTime({ timeZone, plainTime: timeOfDay(to) });
  return end.epochMilliseconds;
}

function timeOfDay(minutes: number): Temporal.PlainTime {
  return new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60);
}
