/** Reads what the metrics of a report are computed from, by group and bucket. */

import type { Dimension } from "../../domain/attribution/attribution.ts";
import { turns } from "../../domain/turns.ts";
import type {
  CallFilter,
  DistinctSteps,
  DistinctTotals,
  GroupKey,
  LedgerReader,
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
  readonly buckets: ReadonlyMap<number, Grouped>;
}

export async function readSums(
  reader: Pick<LedgerReader, "totals" | "latencies">,
  { query, edges, hasLatencies }: SumsQuery,
): Promise<SumsByBucket> {
  const { by, from } = query;
  const [filter, asked] = bucketsOf(query, edges);
  const sums = new Collecting(query);
  for (const row of await reader.totals(filter, by, asked)) {
    if (turns.isOver) await turns.next();
    sums.at(row.group, row.bucket ?? from, (adding) => adding.addFigures(row));
  }
  for (const row of hasLatencies ? await reader.latencies(filter, by, asked) : []) {
    if (turns.isOver) await turns.next();
    sums.at(row.group, row.bucket ?? from, (adding) => adding.addLatencies(row.counts));
  }
  return await sums.inTurns();
}

/** Sums of groups that are being added up. */
class AddingGroups {
  readonly #total = new Adding();
  readonly #groups = new Map<string, { readonly group: Group; readonly adding: Adding }>();

  at(id: string, group: Group, add: (adding: Adding) => void): void {
    let own = this.#groups.get(id);
    if (!own) this.#groups.set(id, (own = { group, adding: new Adding() }));
    add(own.adding);
    add(this.#total);
  }

  async inTurns(): Promise<Grouped> {
    const groups = new Map<string, GroupSums>();
    for (const [id, { group, adding }] of this.#groups) {
      if (turns.isOver) await turns.next();
      groups.set(id, { group, ...adding.sums() });
    }
    return { total: this.#total.sums(), groups };
  }
}

class Collecting {
  readonly #isSeries: boolean;
  readonly #idOf: (group: Group) => string;
  readonly #whole = new AddingGroups();
  readonly #buckets = new Map<number, AddingGroups>();

  constructor({ bucket, by }: SumsQuery["query"]) {
    this.#isSeries = bucket !== "none";
    this.#idOf = groupIds(by);
  }

  at(group: Group, start: number, add: (adding: Adding) => void): void {
    const id = this.#idOf(group);
    this.#whole.at(id, group, add);
    if (!this.#isSeries) return;
    let bucket = this.#buckets.get(start);
    if (!bucket) this.#buckets.set(start, (bucket = new AddingGroups()));
    bucket.at(id, group, add);
  }

  async inTurns(): Promise<SumsByBucket> {
    const buckets = new Map<number, Grouped>();
    for (const [start, adding] of this.#buckets) buckets.set(start, await adding.inTurns());
    return { whole: await this.#whole.inTurns(), buckets };
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
