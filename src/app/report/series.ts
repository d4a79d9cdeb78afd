/** Computes figures over time: every bucket of a range, including empty ones, in a time zone. */

import { assert } from "../../domain/assert.ts";
import { windowAt } from "../../domain/budget/window.ts";
import { PurserError } from "../../domain/error.ts";
import { sortInTurns, turns } from "../../domain/turns.ts";
import type {
  Buckets,
  CallFilter,
  Figures,
  GroupFigures,
  GroupKey,
  LedgerReader,
  Totals,
} from "../port/reader.ts";
import { Adding } from "./adding.ts";
import { groupIds } from "./group-id.ts";
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
  const edges = await edgesOf(query);
  const [filter, asked] = bucketsOf(query, edges);
  const idOf = query.by.length > 0 ? groupIds(query.by) : null;
  const whole = new Merging(idOf);
  const inside = new Map<number, Merging>();
  for (const row of await reader.totals(filter, query.by, asked)) {
    if (turns.isOver) await turns.next();
    whole.add(row);
    if (asked === null) continue;
    const start = row.bucket ?? query.from;
    let bucket = inside.get(start);
    if (!bucket) inside.set(start, (bucket = new Merging(idOf)));
    bucket.add(row);
  }
  const buckets: Bucket[] = [];
  for (const [index, start] of query.bucket === "none" ? [] : edges.slice(0, -1).entries()) {
    const sums = await (inside.get(start) ?? new Merging(idOf)).inTurns();
    buckets.push({ start, end: edges[index + 1] ?? query.to, ...sums });
  }
  return { ...(await whole.inTurns()), buckets };
}

/** The edges of {@link edgesIn}, in turns: a calendar takes some time. */
export async function edgesOf(query: EdgesQuery): Promise<readonly number[]> {
  const edges: number[] = [];
  for (const edge of edgesIn(query)) {
    if (turns.isOver) await turns.next();
    edges.push(edge);
  }
  return edges;
}

type EdgesQuery = Pick<SeriesQuery, "from" | "to" | "bucket" | "timeZone">;

const hourMs = 3_600_000;

/**
 * The starts of all buckets, and the end of the last.
 *
 * @throws PurserError `invalid_request` as {@link series}.
 */
export function* edgesIn(query: EdgesQuery): Generator<number, void> {
  const { from, to } = query;
  if (to <= from) {
    throw new PurserError("invalid_request", "to must be after `from`", {
      field: "to",
      remedy: "Give a later time, or an earlier `from`.",
    });
  }
  if (query.bucket === "none") {
    yield* [from, to];
    return;
  }
  let count = 0;
  for (const edge of windowEdges(query, query.bucket)) {
    if (count === 0 || edge >= to) checkWritable(edge, count === 0 ? "from" : "to");
    yield edge;
    count += 1;
    if (count > maxBuckets + 1) throw tooManyBuckets(query);
  }
}

function* windowEdges(
  { from, to, timeZone }: EdgesQuery,
  period: Exclude<BucketName, "none">,
): Generator<number> {
  checkTimeZone(timeZone);
  const recurrence = { period, timeZone, anchor: firstOf[period], start: null, end: null };
  for (let at = from; at < to;) {
    const window = windowAt(recurrence, at);
    assert(typeof window !== "string" && window.end !== null, "a bucket recurs without end");
    yield window.start;
    at = window.end;
    // Until the clock changes, each hour follows from the one before.
    const change = period === "hour" ? nextChange(timeZone, at) : at;
    for (; at < to && at + hourMs < change; at += hourMs) yield at;
    if (at >= to) yield at;
  }
}

function nextChange(timeZone: string, at: number): number {
  const now = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  return now.getTimeZoneTransition("next")?.epochMilliseconds ?? Infinity;
}

function tooManyBuckets({ bucket }: EdgesQuery): PurserError {
  return new PurserError(
    "invalid_request",
    `bucket: the range has more than ${maxBuckets} buckets of one ${bucket}`,
    { field: "bucket", remedy: "Choose a longer bucket or a shorter range." },
  );
}

/** RFC 3339 has years of four digits, but a bucket may begin or end outside of the range. */
function checkWritable(edge: number, field: "from" | "to"): void {
  if (edge >= firstInstant && edge <= lastInstant) return;
  const [what, remedy] =
    field === "from"
      ? ["begins before the year 0000", "Give a later time."]
      : ["ends after the year 9999", "Give an earlier time."];
  throw new PurserError("invalid_request", `${field}: its bucket ${what}`, { field, remedy });
}

const firstInstant = Date.parse("0000-01-01T00:00:00Z");
const lastInstant = Date.parse("9999-12-31T23:59:59.999Z");

/** The filter and the buckets to read the rows of all buckets at once. */
export function bucketsOf(
  { filter, from, to, bucket }: Pick<SeriesQuery, "filter" | "from" | "to" | "bucket">,
  edges: readonly number[],
): readonly [CallFilter, Buckets] {
  return [{ ...filter, from, to }, bucket === "none" ? null : edges];
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

/** Adds up the rows of a range or bucket, and of each of its groups. */
class Merging {
  readonly #idOf: ((group: Totals["group"]) => string) | null;
  readonly #total = new Adding();
  readonly #groups = new Map<string, { readonly group: Totals["group"]; readonly sum: Adding }>();

  /** @param idOf Null if nothing is grouped. */
  constructor(idOf: ((group: Totals["group"]) => string) | null) {
    this.#idOf = idOf;
  }

  add(row: Totals): void {
    this.#total.addFigures(row);
    if (!this.#idOf) return;
    const id = this.#idOf(row.group);
    let own = this.#groups.get(id);
    if (!own) this.#groups.set(id, (own = { group: row.group, sum: new Adding() }));
    own.sum.addFigures(row);
  }

  async inTurns(): Promise<Pick<Series, "total" | "groups">> {
    const groups: GroupFigures[] = [];
    for (const { group, sum } of this.#groups.values()) {
      if (turns.isOver) await turns.next();
      groups.push({ group, ...sum.figures() });
    }
    return { total: this.#total.figures(), groups: await sortInTurns(groups, byCost) };
  }
}

/** The most expensive first, then those with the most calls. */
function byCost(left: GroupFigures, right: GroupFigures): number {
  if (left.cost === right.cost) return right.calls - left.calls;
  return left.cost > right.cost ? -1 : 1;
}
