/** Reads what the metrics of a report are computed from, by group and bucket. */

import type { Dimension } from "../../domain/attribution/attribution.ts";
import { mergeLatencies } from "../../domain/latency/latency-bucket.ts";
import type {
  CallFilter,
  DistinctSteps,
  DistinctTotals,
  GroupKey,
  LedgerReader,
} from "../port/reader.ts";
import type { Sums } from "./metric.ts";
import { readBuckets, sumFigures, type SeriesQuery } from "./series.ts";
import { Turns } from "./turns.ts";

export type Group = Readonly<Record<string, string>>;

export interface GroupSums extends Sums {
  readonly group: Group;
}

export interface SumsQuery {
  readonly query: Pick<SeriesQuery, "filter" | "from" | "to" | "bucket" | "by">;
  readonly edges: readonly number[];
  /** Whether latencies are read, too. */
  readonly hasLatencies: boolean;
}

/** Sums by the start of their bucket; a group may have several in one bucket. */
export async function readSums(
  reader: Pick<LedgerReader, "totals" | "latencies">,
  { query, edges, hasLatencies }: SumsQuery,
): Promise<ReadonlyMap<number, readonly GroupSums[]>> {
  const { by } = query;
  const totals = await readBuckets(query, edges, (filter, buckets) =>
    reader.totals(filter, by, buckets),
  );
  const latencies = hasLatencies
    ? await readBuckets(query, edges, (filter, buckets) => reader.latencies(filter, by, buckets))
    : new Map<number, never>();
  const none = sumFigures([]);
  return new Map(
    edges.slice(0, -1).map((start) => [
      start,
      [
        ...(totals.get(start) ?? []).map((row) => ({ ...row, latencies: new Map(), distinct: {} })),
        ...(latencies.get(start) ?? []).map(({ group, counts }) => ({
          ...none,
          group,
          latencies: counts,
          distinct: {},
        })),
      ],
    ]),
  );
}

/** The sums of all rows, and of each group by its {@link groupId}. */
export function sumUp(rows: readonly GroupSums[]): {
  readonly total: Sums;
  readonly groups: ReadonlyMap<string, GroupSums>;
} {
  const by = Object.keys(rows[0]?.group ?? {});
  const groups = Map.groupBy(rows, ({ group }) => groupId(group, by));
  return {
    total: merged(rows),
    groups: new Map(
      [...groups].map(([id, same]) => [id, { group: same[0]?.group ?? {}, ...merged(same) }]),
    ),
  };
}

/** The same for many rows, without delaying calls. */
export async function sumUpInTurns(rows: readonly GroupSums[]): Promise<ReturnType<typeof sumUp>> {
  const turns = new Turns();
  const parts: GroupSums[] = [];
  for (let place = 0; place < rows.length; place += rowsAtOnce) {
    const { groups } = sumUp(rows.slice(place, place + rowsAtOnce));
    parts.push(...groups.values());
    await turns.after(rowsAtOnce);
  }
  return sumUp(parts);
}

const rowsAtOnce = 200;

function merged(rows: readonly Sums[]): Sums {
  const latencies = mergeLatencies(rows.map((row) => row.latencies));
  return { ...sumFigures(rows), latencies, distinct: {} };
}

export interface DistinctQuery {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
  readonly divisors: readonly Dimension[];
  /** The values of the groups that are counted one by one; null for all. */
  readonly kept: readonly (readonly string[])[] | null;
  readonly steps?: DistinctSteps | undefined;
}

/** By {@link groupId}; the empty text has all groups that are not kept. */
export type DistinctByGroup = ReadonlyMap<string, Sums["distinct"]>;

/** By the end of each step; null if the query has none. */
export async function readDistinct(
  reader: Pick<LedgerReader, "distinct">,
  { filter, by, divisors, kept, steps }: DistinctQuery,
): Promise<ReadonlyMap<number | null, DistinctByGroup>> {
  const found = new Map<number | null, Map<string, Record<string, DistinctTotals>>>();
  for (const of of divisors) {
    const query = { by, of, kept, ...(steps && { steps }) };
    for (const totals of await reader.distinct(filter, query)) {
      const { group, end = null } = totals;
      const groups = found.get(end) ?? new Map<string, Record<string, DistinctTotals>>();
      found.set(end, groups);
      const id = group === null ? "" : groupId(group, by);
      groups.set(id, { ...groups.get(id), [of]: totals });
    }
  }
  return found;
}

export function valuesOf(group: Group, by: readonly GroupKey[]): readonly string[] {
  return by.map((key) => group[key] ?? "");
}

export function groupId(group: Group, by: readonly GroupKey[]): string {
  return idOfValues(valuesOf(group, by));
}

/** Never empty. */
export function idOfValues(values: readonly string[]): string {
  return JSON.stringify(values);
}
