/** Counts the different values of a field, such as tasks, in groups of calls. */

import type { DistinctQuery, DistinctTotals, GroupKey, Totals } from "../app/port/reader.ts";
import { unattributed } from "../domain/attribution/attribution.ts";
import { add, zero, type PicoUsd } from "../domain/money/money.ts";

/** The names that the totals for {@link countDistinct} must be grouped by. */
export function distinctKeys({ by, of }: DistinctQuery): readonly GroupKey[] {
  return [...new Set([...by, of])];
}

/** @param totals Grouped by {@link distinctKeys}, in one bucket. */
export function countDistinct(
  totals: readonly Totals[],
  { by, of, kept }: DistinctQuery,
): readonly DistinctTotals[] {
  const isKept = kept && new Set(kept.map((values) => JSON.stringify(values)));
  const found = new Map<string, Found>();
  for (const { group, calls, cost } of totals) {
    const value = group[of] ?? unattributed;
    if (calls === 0 || value === unattributed) continue;
    const id = JSON.stringify(by.map((key) => group[key]));
    const isOther = isKept !== null && !isKept.has(id);
    const place = isOther ? "" : id;
    const known = found.get(place);
    const into = known ?? { group: isOther ? null : groupOf(group, by), ...nothing() };
    if (!known) found.set(place, into);
    into.values.add(value);
    into.calls += calls;
    into.cost = add(into.cost, cost);
  }
  return [...found.values()].map(({ values, ...sums }) => ({ ...sums, distinct: values.size }));
}

interface Found {
  readonly group: Readonly<Record<string, string>> | null;
  readonly values: Set<string>;
  calls: number;
  cost: PicoUsd;
}

function nothing(): Omit<Found, "group"> {
  return { values: new Set(), calls: 0, cost: zero };
}

function groupOf(
  group: Readonly<Record<string, string>>,
  by: readonly GroupKey[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(by.map((key) => [key, group[key] ?? unattributed]));
}
