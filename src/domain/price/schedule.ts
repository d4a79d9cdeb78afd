/** Prices that depend on the hour of the week, in UTC. */

import type { Rates, Schedule } from "./row.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 5 January 1970 was the first Monday of the epoch. */
const firstMondayMs = 4 * dayMs;

/** The rates that a schedule puts in place of the row's own at a moment; undefined outside all of them. */
export function scheduledRates(schedules: readonly Schedule[], at: number): Rates | undefined {
  return schedules.find((schedule) => isOpen(schedule, at))?.rates;
}

/**
 * The next moment after `at` at which a schedule begins or ends; infinite when there is none.
 * Looks eight days ahead: every weekday comes within seven.
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
  return schedule.weekdays.includes(isoWeekday(at)) && minute >= schedule.fromMinute && minute < schedule.toMinute;
}

function isoWeekday(at: number): number {
  const days = Math.floor((at - firstMondayMs) / dayMs);
  return (((days % 7) + 7) % 7) + 1;
}
