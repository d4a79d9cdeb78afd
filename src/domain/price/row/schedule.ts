/** Time-of-day pricing: rates that depend on the hour of the week, in UTC. */

import type { Rates, Schedule } from "./row.ts";

/**
 * A call that begins shortly before a price change may end after it, so bounds include prices valid
 * this much later. Longer than any call lasts (SDKs usually time out after 10 minutes).
 */
export const lookAheadMs = 3_600_000;

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 5 January 1970 was the first Monday of the epoch. */
const firstMondayMs = 4 * dayMs;

/**
 * The scheduled rates that replace the row's own at a given time; undefined outside all schedules.
 */
export function scheduledRates(schedules: readonly Schedule[], at: number): Rates | undefined {
  return schedules.find((schedule) => isOpen(schedule, at))?.rates;
}

/**
 * The next time after `at` at which a schedule begins or ends; infinite if there is none.
 * Looks eight days ahead, which covers every weekday.
 */
export function nextScheduleEdge(schedules: readonly Schedule[], at: number): number {
  let next = Number.POSITIVE_INFINITY;
  const today = Math.floor(at / dayMs) * dayMs;
  for (const schedule of schedules) {
    for (let day = 0; day <= 8; day++) {
      const midnight = today + day * dayMs;
      if (!schedule.weekdays.includes(isoWeekday(midnight))) continue;
      for (const minute of [schedule.fromMinute, schedule.toMinute]) {
        const edge = midnight + minute * minuteMs;
        if (edge > at && edge < next) next = edge;
      }
    }
  }
  return next;
}

function isOpen(schedule: Schedule, at: number): boolean {
  const minute = Math.floor((at - Math.floor(at / dayMs) * dayMs) / minuteMs);
  return (
    schedule.weekdays.includes(isoWeekday(at)) &&
    minute >= schedule.fromMinute &&
    minute < schedule.toMinute
  );
}

function isoWeekday(at: number): number {
  const days = Math.floor((at - firstMondayMs) / dayMs);
  return (((days % 7) + 7) % 7) + 1;
}
