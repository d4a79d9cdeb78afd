/** Computes figures over time: every bucket of a range, including empty ones, in a time zone. */

import { assert } from "../../domain/assert.ts";
import { windowAt } from "../../domain/budget/window.ts";
import { PurserError } from "../../domain/error.ts";
import { add, zero } from "../../domain/money/money.ts";
import { sumUsage } from "../../domain/usage/usage.ts";
import type {
  Buckets,
  CallFilter,
  Figures,
  GroupFigures,
  GroupKey,
  LedgerReader,
  Totals,
} from "../port/reader.ts";
import { checkTimeZone, firstOf, type BucketName } from "./range.ts";

export interface SeriesQuery {
  readonly filter: CallFilter;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly bucket: BucketName;
  readonly by: readonly GroupKey[];
  /** IANA time zone name. */
  readonly timeZone: string;
}

export interface Bucket {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly total: Figures;
  /** Groups with any figures. */
  readonly groups: readonly GroupFigures[];
}

export interface Series {
  readonly total: Figures;
  /** Over the whole range, the most expensive first. */
  readonly groups: readonly GroupFigures[];
  readonly buckets: readonly Bucket[];
}

const maxBuckets = 2000;

/**
 * The first bucket begins at the start of its hour, day, week (Monday) or month, but counts only
 * what is in the range.
 *
 * @throws PurserError `invalid_request` for an unknown time zone, an empty range, or more than
 *   {@link maxBuckets} buckets.
 */
export async function series(
  reader: Pick<LedgerReader, "totals">,
  query: SeriesQuery,
): Promise<Series> {
  const edges = edgesOf(query);
  const rows = await readBuckets(query, edges, (filter, buckets) =>
    reader.totals(filter, query.by, buckets),
  );
  const buckets = edges.slice(0, -1).map((start, index): Bucket => {
    const inside = rows.get(start) ?? [];
    return {
      start,
      end: edges[index + 1] ?? query.to,
      total: sumFigures(inside),
      groups: query.by.length === 0 ? [] : mergeGroups(inside),
    };
  });
  const all = [...rows.values()].flat();
  return {
    total: sumFigures(all),
    groups: query.by.length === 0 ? [] : mergeGroups(all),
    buckets: query.bucket === "none" ? [] : buckets,
  };
}

/** The starts of all buckets, and the end of the last. */
export function edgesOf({
  from,
  to,
  bucket,
  timeZone,
}: Pick<SeriesQuery, "from" | "to" | "bucket" | "timeZone">): readonly number[] {
  if (to <= from) {
    throw new PurserError("invalid_request", "to: must be after `from`", {
      field: "to",
      remedy: "Give a later time, or an earlier `from`.",
    });
  }
  if (bucket === "none") return [from, to];
  checkTimeZone(timeZone);
  const recurrence = { period: bucket, timeZone, anchor: firstOf[bucket], start: null, end: null };
  const edges: number[] = [];
  for (let at = from; at < to;) {
    const window = windowAt(recurrence, at);
    assert(typeof window !== "string" && window.end !== null, "a bucket recurs without end");
    edges.push(window.start);
    if (edges.length > maxBuckets) {
      throw new PurserError(
        "invalid_request",
        `bucket: the range has more than ${maxBuckets} buckets of one ${bucket}`,
        {
          field: "bucket",
          remedy: "Choose a longer bucket or a shorter range.",
        },
      );
    }
    at = window.end;
    if (at >= to) edges.push(at);
  }
  checkWritable(edges);
  return edges;
}

/** RFC 3339 has years of four digits, but a bucket may begin or end outside of the range. */
function checkWritable(edges: readonly number[]): void {
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  const field = first < firstInstant ? "from" : last > lastInstant ? "to" : null;
  if (field === null) return;
  const [what, remedy] =
    field === "from"
      ? ["begins before the year 0000", "Give a later time."]
      : ["ends after the year 9999", "Give an earlier time."];
  throw new PurserError("invalid_request", `${field}: its bucket ${what}`, { field, remedy });
}

const firstInstant = Date.parse("0000-01-01T00:00:00Z");
const lastInstant = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * Rows by the start of their bucket, from one query.
 *
 * @param read Reads the rows of a range, in these buckets.
 */
export async function readBuckets<Row extends { readonly bucket: number | null }>(
  { filter, from, to, bucket }: Pick<SeriesQuery, "filter" | "from" | "to" | "bucket">,
  edges: readonly number[],
  read: (filter: CallFilter, buckets: Buckets) => Promise<readonly Row[]>,
): Promise<ReadonlyMap<number, readonly Row[]>> {
  const rows = await read({ ...filter, from, to }, bucket === "none" ? null : edges);
  return Map.groupBy(rows, (row) => row.bucket ?? from);
}

/** The part of each bucket that is in the range; `start` is that of the bucket. */
export function clippedRanges(
  { from, to }: Pick<SeriesQuery, "from" | "to">,
  edges: readonly number[],
): readonly { readonly start: number; readonly from: number; readonly to: number }[] {
  return edges.slice(0, -1).map((start, index) => ({
    start,
    from: Math.max(start, from),
    to: Math.min(edges[index + 1] ?? to, to),
  }));
}

export function sumFigures(rows: readonly Figures[]): Figures {
  return {
    calls: rows.reduce((total, row) => total + row.calls, 0),
    charges: rows.reduce((total, row) => total + row.charges, 0),
    released: rows.reduce((total, row) => total + row.released, 0),
    refusals: rows.reduce((total, row) => total + row.refusals, 0),
    cost: rows.reduce((total, row) => add(total, row.cost), zero),
    chargeCost: rows.reduce((total, row) => add(total, row.chargeCost), zero),
    usage: sumUsage(rows.map(({ usage }) => usage)),
    latencyMs: rows.reduce((total, row) => total + row.latencyMs, 0),
    timed: rows.reduce((total, row) => total + row.timed, 0),
  };
}

function mergeGroups(rows: readonly Totals[]): readonly GroupFigures[] {
  const groups = Map.groupBy(rows, ({ group }) =>
    JSON.stringify(Object.entries(group).sort(([left], [right]) => (left < right ? -1 : 1))),
  );
  const merged = [...groups.values()].flatMap((same) =>
    same[0] ? [{ group: same[0].group, ...sumFigures(same) }] : [],
  );
  return merged.sort((left, right) =>
    left.cost === right.cost ? right.calls - left.calls : left.cost > right.cost ? -1 : 1,
  );
}
