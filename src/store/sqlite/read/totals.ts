/**
 * Sums calls: whole days, hours or quarters of an hour from the roll-ups, and what remains at the
 * edges from finer roll-ups, or from the calls themselves.
 */

import type {
  Buckets,
  CallFilter,
  DistinctQuery,
  DistinctTotals,
  GroupKey,
  LatencyTotals,
  Totals,
} from "../../../app/port/reader.ts";
import { countDistinct, distinctKeys } from "../../distinct.ts";
import { dayHours } from "../schema.ts";
import { hourMs, readQuarterFrom } from "../write/rollup.ts";
import { holdsNamed, type Source } from "./calls.ts";
import { Groups } from "./groups.ts";
import { RollupRows, type Add, type Wanted } from "./rollup-rows.ts";
import { select } from "./selection.ts";
import { addCallsNamed, addCallsOf, type SingleCalls } from "./single-calls.ts";
import { edgeOf, originFor, type Edge, type Origin } from "./slices.ts";

export interface TotalsQuery {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
  readonly buckets: Buckets;
}

/**
 * Refusals, and calls that ended without a charge, do not count as calls: they have their own sums.
 */
export function readTotals(source: Source, query: TotalsQuery): readonly Totals[] {
  return readGroups(source, query, "sums").totals();
}

export function readLatencies(source: Source, query: TotalsQuery): readonly LatencyTotals[] {
  return readGroups(source, query, "latencies").latencies();
}

export function readDistinct(
  source: Source,
  filter: CallFilter,
  query: DistinctQuery,
): readonly DistinctTotals[] {
  const { steps } = query;
  const by = distinctKeys(query);
  if (!steps)
    return countDistinct(
      [readGroups(source, { filter, by, buckets: null }, "costs").totals()],
      query,
    );
  const starts = [filter.from ?? Number.NEGATIVE_INFINITY, ...steps.ends];
  const to = starts.at(-1) ?? Number.POSITIVE_INFINITY;
  const asked = { filter: { ...filter, to }, by, buckets: starts };
  const found = Map.groupBy(readGroups(source, asked, "costs").totals(), ({ bucket }) => bucket);
  return countDistinct(
    starts.slice(0, -1).map((start) => found.get(start) ?? []),
    query,
  );
}

interface Reading extends SingleCalls {
  readonly buckets: Buckets;
  readonly groups: Groups;
  readonly rollups: RollupRows;
}

function readGroups(source: Source, { filter, by, buckets }: TotalsQuery, wanted: Wanted): Groups {
  source.names.refresh();
  const selection = select(filter, source.names);
  const groups = new Groups(source, by);
  const includesRefusals = filter.status === undefined || filter.status === "refused";
  const rollups = new RollupRows({ source, selection, groups, wanted });
  const reading = { source, selection, includesRefusals, buckets, groups, rollups };
  if (selection.from >= selection.to) return groups;
  const holds = holdsNamed(source, filter);
  if (holds) addCallsNamed(reading, adder(reading, bucketFinder(buckets)), { holds, filter });
  else addRange(reading);
  return groups;
}

function isEdges(buckets: Buckets): buckets is readonly number[] {
  return buckets !== null && typeof buckets === "object";
}

/** What adds sums to the bucket of their time, or takes them back. */
function adder(
  { groups }: Reading,
  bucketOf: (at: number) => number | null | undefined,
  sign: 1 | -1 = 1,
): Add {
  return (place, at, change) => {
    const bucket = bucketOf(at);
    if (bucket !== undefined) change(groups.at(place, bucket), sign);
  };
}

/** @returns undefined for a time outside all buckets. */
function bucketFinder(buckets: Buckets): (at: number) => number | null | undefined {
  if (buckets === null) return () => null;
  if (typeof buckets === "number") return (at) => Math.floor(at / buckets) * buckets;
  return finder(buckets, buckets);
}

/** @param starts Of each range, in order, and the end of the last one. */
function finder(
  starts: readonly number[],
  names: readonly number[],
): (at: number) => number | undefined {
  return (at) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low === starts.length ? undefined : names[low - 1];
  };
}

function addRange(reading: Reading): void {
  const { buckets, selection, source } = reading;
  const limit = (at: number): number => Math.max(selection.from, Math.min(selection.to, at));
  const ends = isEdges(buckets) ? buckets.map(limit) : [selection.from, selection.to];
  const quartersFrom = readQuarterFrom(source.database) * hourMs;
  const origin = originOf(buckets, { ends, quartersFrom });
  const edges = ends.map((at) => edgeOf(at, { origin, quartersFrom }));
  const starts = edges.map(({ nearest }) => nearest);
  const [from = 0, to = 0] = [starts[0], starts.at(-1)];
  const bucketOf = isEdges(buckets) ? finder(starts, buckets) : bucketFinder(buckets);
  reading.rollups.expect({ from, to });
  addPart(reading, adder(reading, bucketOf), { origin, from, to, isTimed: buckets !== null });
  for (const [index, edge] of edges.entries()) addEdge(reading, edge, index);
}

/** The longest units that are read whole. */
function originOf(
  buckets: Buckets,
  { ends, quartersFrom }: { readonly ends: readonly number[]; readonly quartersFrom: number },
): Origin {
  if (typeof buckets === "number") return buckets % (dayHours * hourMs) === 0 ? "day" : "hour";
  const [from = 0, to = 0] = [ends[0], ends.at(-1)];
  const origin = originFor((to - from) / Math.max(1, ends.length - 1));
  return origin === "quarter" && from < quartersFrom ? "hour" : origin;
}

interface Part {
  readonly origin: Origin;
  readonly from: number;
  readonly to: number;
  readonly isTimed: boolean;
}

function addPart(reading: Reading, add: Add, { origin, ...range }: Part): void {
  if (range.from >= range.to) return;
  if (origin === "calls") addCallsOf(reading, add, range);
  else reading.rollups.addTo(add, { level: origin, ...range });
}

/** The slices of an edge count for the range before it, and are taken from the one after it. */
function addEdge(reading: Reading, { slices }: Edge, index: number): void {
  const { buckets } = reading;
  for (const { sign, ...slice } of slices) {
    const opposite = sign === 1 ? -1 : 1;
    if (isEdges(buckets)) {
      const before = adder(reading, () => buckets[index - 1], sign);
      const isLast = index === buckets.length - 1;
      const after = adder(reading, () => (isLast ? undefined : buckets[index]), opposite);
      const both: Add = (place, at, change) => {
        before(place, at, change);
        after(place, at, change);
      };
      addPart(reading, both, { ...slice, isTimed: false });
    } else {
      const add = adder(reading, bucketFinder(buckets), index === 0 ? opposite : sign);
      addPart(reading, add, { ...slice, isTimed: buckets !== null });
    }
  }
}
