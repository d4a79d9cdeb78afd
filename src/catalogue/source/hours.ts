/** Hours of the day in published lists, which may go past midnight. */

import type { Rates, Schedule } from "../../domain/price/row/row.ts";

export const everyDay: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** Minutes since midnight. An end that is not later than the start is on the next day. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

const dayMinutes = 1440;

/**
 * `00:30` or `00:30:00Z` as 30; 24:00 as 1440.
 *
 * @returns Undefined for anything else.
 */
export function minuteOf(time: string): number | undefined {
  const [, hour, minute] = /^(\d\d):([0-5]\d)(?::[0-5]\d)?Z?$/.exec(time) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return minutes <= dayMinutes ? minutes : undefined;
}

/** In two parts if they go past midnight. The same start and end is the whole day. */
export function schedulesOf(
  { from, to }: Hours,
  { weekdays = everyDay, rates }: { readonly weekdays?: readonly number[]; readonly rates: Rates },
): readonly Schedule[] {
  const parts = from < to ? [[from, to] as const] : [[from, dayMinutes] as const, [0, to] as const];
  return parts.flatMap(([fromMinute, toMinute]) =>
    fromMinute < toMinute ? [{ weekdays, fromMinute, toMinute, rates }] : [],
  );
}

/**
 * The same hours in UTC, if their weekdays are those of a zone ahead of it: late hours are on the
 * next day there.
 *
 * @param ahead Minutes.
 */
export function weekdaysInUtc(schedule: Schedule, ahead: number): readonly Schedule[] {
  const midnight = dayMinutes - ahead;
  const { fromMinute, toMinute, weekdays } = schedule;
  const early = { ...schedule, toMinute: Math.min(toMinute, midnight) };
  const late = {
    ...schedule,
    weekdays: weekdays.map((day) => ((day + 5) % 7) + 1).sort((left, right) => left - right),
    fromMinute: Math.max(fromMinute, midnight),
  };
  return [early, late].filter((part) => part.fromMinute < part.toMinute);
}
