/** Counts the different values of a field, such as tasks, in groups of calls. */

import type {
  CallFilter,
  DistinctQuery,
  DistinctTotals,
  GroupKey,
  Totals,
} from "../app/port/reader.ts";
import { unattributed } from "../domain/attribution/attribution.ts";
import { add, zero, type PicoUsd } from "../domain/money/money.ts";

/** The names that the totals for {@link countDistinct} must be grouped by. */
export function distinctKeys({ by, of }: DistinctQuery): readonly GroupKey[] {
  return [...new Set([...by, of])];
}

/** The filters of the parts that are counted, in order; one if the query has no steps. */
export function distinctParts(filter: CallFilter, { steps }: DistinctQuery): readonly CallFilter[] {
  if (!steps) return [filter];
  const starts = [filter.from, ...steps.ends];
  return steps.ends.map((to, index) => {
    const from = starts[index];
    return { ...filter, ...(from !== undefined && { from }), to };
  });
}

/**
 * Adds up each part once, even if parts are cumulative.
 *
 * @param parts The totals of each of {@link distinctParts}, grouped by {@link distinctKeys}, in one
 *   bucket.
 */
export function countDistinct(
  parts: Iterable<readonly Totals[]>,
  query: DistinctQuery,
): readonly DistinctTotals[] {
  const { steps } = query;
  const counted: DistinctTotals[] = [];
  const found = new Map<string, Found>();
  let place = 0;
  for (const totals of parts) {
    const end = steps?.ends[place++];
    addDistinct(found, totals, query);
    for (const { values, ...sums } of found.values())
      counted.push({ ...sums, distinct: values.size, ...(end !== undefined && { end }) });
    if (!steps?.isCumulative) found.clear();
  }
  return counted;
}

function addDistinct(
  found: Map<string, Found>,
  totals: readonly Totals[],
  { by, of, kept }: DistinctQuery,
): void {
  const isKept = kept && new Set(kept.map((values) => JSON.stringify(values)));
  for (const { group, calls, charges, cost } of totals) {
    const value = group[of] ?? unattributed;
    if (calls + charges === 0 || value === unattributed) continue;
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
