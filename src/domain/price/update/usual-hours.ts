/** States the rates of most hours of the week as those of the row, and the others by hours. */

import type { CatalogueRow, Rates, Schedule } from "../row/row.ts";
import { isFactor, termsOf } from "../row/terms.ts";
import type { PricedMeter } from "../row/rate.ts";

/** Hours of one weekday with the same rates: those of the row, or of one of its schedules. */
interface Span {
  readonly weekday: number;
  readonly from: number;
  readonly to: number;
  /** Null for the row's own. */
  readonly hours: Rates | null;
}

const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
const dayMinutes = 1440;

/**
 * One list has the price of peak hours and the hours off the peak, another the reverse: each call
 * costs the same by the row returned. Rows whose hours cannot be turned around stay as they are:
 * those with context tiers or own rates of tiers and regions, and hours with a rate that the row
 * lacks.
 */
export function withUsualHours(row: CatalogueRow): CatalogueRow {
  const { schedules = [], contextTiers = [], rates } = row;
  if (schedules.length === 0 || contextTiers.length > 0 || !termsOf(row).every(isFactor))
    return row;
  const spans = weekdays.flatMap((weekday) => spansOf(schedules, weekday));
  const usual = mostOf(spans);
  if (usual === null || !Object.keys(usual).every((meter) => meter in rates)) return row;
  // What hours leave out has the rate of the row, which becomes another one.
  const own = Object.fromEntries(
    (Object.keys(usual) as PricedMeter[]).map((meter) => [meter, rates[meter]]),
  ) as Rates;
  const turned = spans
    .filter(({ hours }) => !isSameRates(hours, usual))
    .map(({ weekday, from, to, hours }) => ({
      weekdays: [weekday],
      fromMinute: from,
      toMinute: to,
      rates: { ...own, ...hours },
    }));
  const { schedules: _, ...rest } = row;
  return {
    ...rest,
    rates: { ...rates, ...usual },
    ...(turned.length > 0 && { schedules: onSeveralDays(turned) }),
  };
}

/** The same hours of several days as one schedule. */
function onSeveralDays(schedules: readonly Schedule[]): readonly Schedule[] {
  const joined: Schedule[] = [];
  for (const one of schedules) {
    const index = joined.findIndex(
      ({ fromMinute, toMinute, rates }) =>
        fromMinute === one.fromMinute && toMinute === one.toMinute && isSameRates(rates, one.rates),
    );
    const known = joined[index];
    if (known) joined[index] = { ...known, weekdays: [...known.weekdays, ...one.weekdays] };
    else joined.push(one);
  }
  return joined;
}

function isSameRates(left: Rates | null, right: Rates | null): boolean {
  if (left === null || right === null) return left === right;
  const meters = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<PricedMeter>;
  return [...meters].every((meter) => left[meter] === right[meter]);
}

function spansOf(schedules: readonly Schedule[], weekday: number): readonly Span[] {
  const today = schedules.filter((schedule) => schedule.weekdays.includes(weekday));
  const inner = today.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]);
  const edges = [...new Set([0, ...inner, dayMinutes])].sort((left, right) => left - right);
  const spans: Span[] = [];
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    if (to === undefined) break;
    const open = today.find(({ fromMinute, toMinute }) => fromMinute <= from && from < toMinute);
    const hours = open?.rates ?? null;
    const last = spans.at(-1);
    if (last && isSameRates(last.hours, hours)) spans[spans.length - 1] = { ...last, to };
    else spans.push({ weekday, from, to, hours });
  }
  return spans;
}

/** The rates of the most minutes; null if those are the row's own. */
function mostOf(spans: readonly Span[]): Rates | null {
  const totals: { readonly hours: Rates | null; minutes: number }[] = [{ hours: null, minutes: 0 }];
  for (const { from, to, hours } of spans) {
    const total = totals.find((one) => isSameRates(one.hours, hours));
    if (total) total.minutes += to - from;
    else totals.push({ hours, minutes: to - from });
  }
  return totals.reduce((most, one) => (one.minutes > most.minutes ? one : most)).hours;
}
