/** Reads what the metrics of a report are computed from, by group and bucket. */

import type { Dimension } from "../../domain/attribution/attribution.ts";
import { turns } from "../../domain/turns.ts";
import type {
  CallFilter,
  DistinctSteps,
  DistinctTotals,
  GroupKey,
  LatencyTotals,
  LedgerReader,
  Totals,
} from "../port/reader.ts";
import { Adding } from "./adding.ts";
import { groupIds, type Group } from "./group-id.ts";
import type { Sums } from "./metric.ts";
import { bucketsOf, type SeriesQuery } from "./series.ts";

export interface GroupSums extends Sums {
  readonly group: Group;
}

export interface SumsQuery {
  readonly query: Pick<SeriesQuery, "filter" | "from" | "to" | "bucket" | "by">;
  readonly edges: readonly number[];
  /** Whether latencies are read, too. */
  readonly hasLatencies: boolean;
}

/** The sums of a range or bucket: of all calls, and of each group by its {@link groupIds id}. */
export interface Grouped {
  readonly total: Sums;
  readonly groups: ReadonlyMap<string, GroupSums>;
}

export interface SumsByBucket {
  readonly whole: Grouped;
  /** By their start; those without any figures are left out, as are all without a series. */
  readonly buckets: ReadonlyMap<number, BucketRows>;
}

/** Not added up yet: the sums of all buckets at once would be most of the work of a collector. */
export interface BucketRows {
  readonly totals: Totals[];
  readonly latencies: LatencyTotals[];
}

export async function readSums(
  reader: Pick<LedgerReader, "totals" | "latencies">,
  { query, edges, hasLatencies }: SumsQuery,
): Promise<SumsByBucket> {
  const { by, from } = query;
  const [filter, asked] = bucketsOf(query, edges);
  const sums = new AddingGroups(groupIds(by));
  const buckets = new Map<number, BucketRows>();
  const bucketAt = (start: number | null): BucketRows => {
    let rows = buckets.get(start ?? from);
    if (!rows) buckets.set(start ?? from, (rows = { totals: [], latencies: [] }));
    return rows;
  };
  for (const row of await reader.totals(filter, by, asked)) {
    if (turns.isOver) await turns.next();
    sums.at(row.group, (sum) => sum.addFigures(row));
    if (asked !== null) bucketAt(row.bucket).totals.push(row);
  }
  for (const row of hasLatencies ? await reader.latencies(filter, by, asked) : []) {
    if (turns.isOver) await turns.next();
    sums.at(row.group, (sum) => sum.addLatencies(row.counts));
    if (asked !== null) bucketAt(row.bucket).latencies.push(row);
  }
  return { whole: await sums.inTurns(), buckets };
}

/** Sums of groups that are being added up. */
class AddingGroups {
  readonly #idOf: (group: Group) => string;
  readonly #total = new Adding();
  readonly #groups = new Map<string, { readonly group: Group; readonly sum: Adding }>();

  constructor(idOf: (group: Group) => string) {
    this.#idOf = idOf;
  }

  at(group: Group, add: (sum: Adding) => void): void {
    const id = this.#idOf(group);
    let own = this.#groups.get(id);
    if (!own) this.#groups.set(id, (own = { group, sum: new Adding() }));
    add(own.sum);
    add(this.#total);
  }

  async inTurns(): Promise<Grouped> {
    const groups = new Map<string, GroupSums>();
    for (const [id, { group, sum }] of this.#groups) {
      if (turns.isOver) await turns.next();
      groups.set(id, { group, ...sum.sums() });
    }
    return { total: this.#total.sums(), groups };
  }
}

export interface DistinctQuery {
  readonly filter: CallFilter;
  readonly by: readonly GroupKey[];
  readonly divisors: readonly Dimension[];
  /** The values of the groups that are counted one by one; null for all. */
  readonly kept: readonly (readonly string[])[] | null;
  readonly steps?: DistinctSteps | undefined;
}

/** By {@link groupIds id}; the empty text has all groups that are not kept. */
export type DistinctByGroup = ReadonlyMap<string, Sums["distinct"]>;

/** By the end of each step; null if the query has none. */
export async function readDistinct(
  reader: Pick<LedgerReader, "distinct">,
  { filter, by, divisors, kept, steps }: DistinctQuery,
): Promise<ReadonlyMap<number | null, DistinctByGroup>> {
  const found = new Map<number | null, Map<string, Record<string, DistinctTotals>>>();
  for (const of of divisors) {
    const query = { by, of, kept, ...(steps && { steps }) };
    const idOf = groupIds(by);
    for (const totals of await reader.distinct(filter, query)) {
      if (turns.isOver) await turns.next();
      const { group, end = null } = totals;
      const groups = found.get(end) ?? new Map<string, Record<string, DistinctTotals>>();
      found.set(end, groups);
      const id = group === null ? "" : idOf(group);
      groups.set(id, { ...groups.get(id), [of]: totals });
    }
  }
  return found;
}
