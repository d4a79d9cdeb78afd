/** Answers the questions of reports: figures by group and time, compared with an earlier range. */

import type { Dimension } from "../../domain/attribution/attribution.ts";
import { sortInTurns, turns } from "../../domain/turns.ts";
import type { DistinctSteps, LedgerReader } from "../port/reader.ts";
import { Adding } from "./adding.ts";
import { metrics, type Figure, type MetricName, type Sums } from "./metric.ts";
import type { Range } from "./range.ts";
import { clippedRanges, edgesOf, type SeriesQuery } from "./series.ts";
import { groupId, groupIds, idOfValues, valuesOf, type Group } from "./group-id.ts";
import { ListedSums, others } from "./listed-sums.ts";
import {
  readDistinct,
  readSums,
  type BucketRows,
  type DistinctByGroup,
  type Grouped,
} from "./sums.ts";

export interface ReportQuery extends SeriesQuery {
  readonly metrics: readonly MetricName[];
  readonly before: Range | null;
  /** The groups to list, the first of the order; the others are summed up in one row. */
  readonly top: number;
  readonly sort: { readonly by: MetricName; readonly isAscending: boolean };
  /** Whether each bucket has the sums since the start of the range. */
  readonly isCumulative: boolean;
}

/** `group` is null for all groups that are not listed. */
export interface ReportRow {
  readonly group: Group | null;
  readonly sums: Sums;
  /** Null if nothing is compared. */
  readonly before: Sums | null;
}

export interface ReportBucket {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** What is counted: the part of the bucket in the range, or all since its start. */
  readonly counted: Range;
  readonly total: Sums;
  /** The listed groups with any figures, in the same order, then the others. */
  readonly rows: readonly Omit<ReportRow, "before">[];
}

export interface Report {
  readonly total: Omit<ReportRow, "group">;
  /** Empty if nothing is grouped. */
  readonly rows: readonly ReportRow[];
  /** How many groups the row of all others has. */
  readonly leftOut: number;
  /** Each is added up when it is asked for. Empty without a series. */
  readonly buckets: AsyncIterable<ReportBucket>;
}

type Reader = Pick<LedgerReader, "totals" | "latencies" | "distinct">;

/**
 * @throws PurserError `invalid_request` for an unknown time zone, an empty range, or too many
 *   buckets.
 */
export async function report(reader: Reader, query: ReportQuery): Promise<Report> {
  const edges = await edgesOf(query);
  const needs = needsOf(query);
  const { whole: now, buckets } = await readSums(reader, { query, edges, ...needs });
  const earlier = query.before && (await readBefore(reader, query, query.before));
  const listing = await list(reader, { query, needs, now, earlier });
  const counts = wholeOf(await listing.distinct(query));
  const counted = query.before && wholeOf(await listing.distinct(query.before));
  const before = earlier && counted && { ...earlier, counts: counted };
  return {
    total: {
      sums: { ...now.total, distinct: counts.total },
      before: before && { ...before.total, distinct: before.counts.total },
    },
    leftOut: listing.leftOut,
    rows: await listedRows(listing, { query, now: { ...now, counts }, before }),
    buckets: listedBuckets(listing, { query, edges, buckets }),
  };
}

/** The value of a metric for a row. */
export function figureOf(metric: MetricName, sums: Sums): Figure {
  return metrics[metric].of(sums);
}

interface Needs {
  readonly hasLatencies: boolean;
  readonly divisors: readonly Dimension[];
}

/** What the metrics, and the order, are computed from. */
function needsOf({ metrics: wanted, sort }: ReportQuery): Needs {
  const all = [...new Set([...wanted, sort.by])].map((name) => metrics[name]);
  return {
    hasLatencies: all.some(({ needsLatencies }) => needsLatencies === true),
    divisors: [...new Set(all.flatMap(({ dividesBy }) => dividesBy ?? []))],
  };
}

async function readBefore(reader: Reader, query: ReportQuery, range: Range): Promise<Grouped> {
  const whole = { ...query, ...range, bucket: "none" } as const;
  const { hasLatencies } = needsOf(query);
  const edges = await edgesOf(whole);
  return (await readSums(reader, { query: whole, edges, hasLatencies })).whole;
}

/** The groups that are listed, and how the sums of a range are arranged by them. */
interface Listing {
  readonly kept: readonly Group[];
  readonly leftOut: number;
  /** Counts distinct values, by the end of each step; null if there are no steps. */
  distinct(range: Range, steps?: DistinctSteps): Promise<ReadonlyMap<number | null, Counts>>;
  /** Sums of the listed groups, still empty. */
  sums(): ListedSums;
}

/** Counts of distinct values. */
interface Counts {
  readonly total: Sums["distinct"];
  readonly groups: DistinctByGroup;
}

const noCounts: Counts = { total: {}, groups: new Map() };

function wholeOf(counts: ReadonlyMap<number | null, Counts>): Counts {
  return counts.get(null) ?? noCounts;
}

interface Listed {
  readonly query: ReportQuery;
  readonly needs: Needs;
  readonly now: Grouped;
  readonly earlier: Grouped | null;
}

async function list(reader: Reader, { query, needs, now, earlier }: Listed): Promise<Listing> {
  const { by, filter } = query;
  const { divisors } = needs;
  const ranked = by.length === 0 ? [] : await rank(reader, { query, needs, now, earlier });
  const kept = ranked.slice(0, query.top);
  const listed = new Map(kept.map((group) => [groupId(group, by), group]));
  return {
    kept,
    leftOut: ranked.length - kept.length,
    async distinct({ from, to }, steps) {
      const asked = { filter: { ...filter, from, to }, divisors, steps };
      const totals = await readDistinct(reader, { ...asked, by: [], kept: null });
      const values = kept.map((group) => valuesOf(group, by));
      const groups =
        by.length === 0 ? null : await readDistinct(reader, { ...asked, by, kept: values });
      return new Map(
        [...totals].map(([end, all]) => [
          end,
          { total: all.get(idOfValues([])) ?? {}, groups: groups?.get(end) ?? new Map() },
        ]),
      );
    },
    sums: () => new ListedSums(listed),
  };
}

/** The groups of both ranges, in the order that is asked for. */
async function rank(
  reader: Reader,
  { query, needs, now, earlier }: Listed,
): Promise<readonly Group[]> {
  const { by, filter, from, to, sort } = query;
  const known = new Map([...(earlier?.groups ?? []), ...now.groups]);
  const { dividesBy } = metrics[sort.by];
  const divisors = dividesBy === undefined ? [] : needs.divisors;
  const asked = { filter: { ...filter, from, to }, by, divisors, kept: null };
  const distinct = (await readDistinct(reader, asked)).get(null);
  const ranked: Ranked[] = [];
  for (const [id, { group }] of known) {
    if (turns.isOver) await turns.next();
    const sums = now.groups.get(id) ?? emptySums();
    const figure = figureOf(sort.by, { ...sums, distinct: distinct?.get(id) ?? {} });
    ranked.push({ id, group, calls: sums.calls, figure });
  }
  const sorted = await sortInTurns(ranked, comparing(sort));
  return sorted.map(({ group }) => group);
}

interface Ranked {
  readonly id: string;
  readonly group: Group;
  readonly calls: number;
  readonly figure: Figure;
}

function comparing({ isAscending }: ReportQuery["sort"]): (left: Ranked, right: Ranked) => number {
  const sign = isAscending ? 1 : -1;
  return (left, right) =>
    unknownLast(left.figure, right.figure) ||
    sign * compareKnown(left.figure, right.figure) ||
    right.calls - left.calls ||
    (left.id < right.id ? -1 : 1);
}

/** An unknown figure comes last in either order. */
function unknownLast(left: Figure, right: Figure): number {
  return Number(left === null) - Number(right === null);
}

function compareKnown(left: Figure, right: Figure): number {
  if (left === null || right === null || left === right) return 0;
  return left < right ? -1 : 1;
}

/** The sums of a range, with its counts of distinct values. */
interface Whole extends Grouped {
  readonly counts: Counts;
}

async function listedRows(
  listing: Listing,
  {
    query,
    now,
    before,
  }: { readonly query: ReportQuery; readonly now: Whole; readonly before: Whole | null },
): Promise<readonly ReportRow[]> {
  const { by } = query;
  if (by.length === 0) return [];
  const sumsOf = async ({ groups, counts }: Whole): Promise<(id: string) => Sums | undefined> => {
    const sums = listing.sums();
    await sums.addGroups(groups);
    return (id) => sums.of(id, counts.groups);
  };
  const own = await sumsOf(now);
  const earlier = before && (await sumsOf(before));
  const row = (id: string, group: Group | null): ReportRow => ({
    group,
    sums: own(id) ?? emptySums(),
    before: earlier && (earlier(id) ?? emptySums()),
  });
  const hasOthers = own(others) !== undefined || earlier?.(others) !== undefined;
  return [
    ...listing.kept.map((group) => row(groupId(group, by), group)),
    ...(hasOthers ? [row(others, null)] : []),
  ];
}

async function* listedBuckets(
  listing: Listing,
  {
    query,
    edges,
    buckets,
  }: {
    readonly query: ReportQuery;
    readonly edges: readonly number[];
    readonly buckets: ReadonlyMap<number, BucketRows>;
  },
): AsyncGenerator<ReportBucket> {
  const { by, bucket, isCumulative } = query;
  if (bucket === "none") return;
  const ranges = clippedRanges(query, edges);
  const ends = ranges.map(({ to }) => to);
  const counts = await listing.distinct(query, { ends, isCumulative });
  const idOf = groupIds(by);
  let sums: BucketSums = { total: new Adding(), listed: listing.sums() };
  for (const [index, { start, from, to }] of ranges.entries()) {
    if (turns.isOver) await turns.next();
    if (!isCumulative) sums = { total: new Adding(), listed: listing.sums() };
    const rows = buckets.get(start);
    if (rows) await addRows(sums, rows, by.length === 0 ? null : idOf);
    const own = counts.get(to) ?? noCounts;
    yield {
      start,
      end: edges[index + 1] ?? to,
      counted: { from: isCumulative ? query.from : from, to },
      total: sums.total.sums(own.total),
      rows: await sums.listed.list(own.groups),
    };
  }
}

interface BucketSums {
  readonly total: Adding;
  readonly listed: ListedSums;
}

/** @param idOf Null if nothing is grouped. */
async function addRows(
  { total, listed }: BucketSums,
  { totals, latencies }: BucketRows,
  idOf: ((group: Group) => string) | null,
): Promise<void> {
  for (const row of totals) {
    if (turns.isOver) await turns.next();
    total.addFigures(row);
    if (idOf) listed.at(idOf(row.group)).addFigures(row);
  }
  for (const row of latencies) {
    if (turns.isOver) await turns.next();
    total.addLatencies(row.counts);
    if (idOf) listed.at(idOf(row.group)).addLatencies(row.counts);
  }
}

function emptySums(): Sums {
  return new Adding().sums();
}
