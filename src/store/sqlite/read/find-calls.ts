/**
 * Finds the newest calls of a selection: by an index if few ids are wanted, otherwise by scanning
 * the newest rows.
 */

import type { DatabaseSync } from "node:sqlite";
import { allRows, prepareRows } from "../journal/journal-file.ts";
import { kinds } from "../../journal/kind.ts";
import { otherRows, outcomeRows } from "../journal/kind-condition.ts";
import { matcher, seqRanges, type Selection, type SeqRange } from "./selection.ts";

export interface Page {
  readonly limit: number;
  /** Only rows with a smaller `seq`; null for the newest. */
  readonly before: number | null;
}

/** A call that was found: the entry that ended it, and when it counts as ended. */
export interface Found {
  readonly seq: number;
  readonly endedAt: number;
}

/** Up to this many ids are looked up in an index, one by one. */
const fewIds = 64;
const manyIds = 20_000;
/** Rows to scan before trying an index with many ids. */
const glance = 40_000;

/** @returns Newest first, at most `page.limit`. */
export function findCalls(
  database: DatabaseSync,
  selection: Selection,
  page: Page,
): readonly Found[] {
  const ranges = newestFirst(database, seqRanges(database, selection), page);
  const usual = findUsual(database, selection, { ranges, limit: page.limit });
  const amended = findAmended(database, selection, page);
  if (amended.length === 0) return usual;
  return [...usual, ...amended].sort((left, right) => right.seq - left.seq).slice(0, page.limit);
}

interface Search {
  /** From the newest rows to the oldest. */
  readonly ranges: readonly SeqRange[];
  readonly limit: number;
}

/** Calls that ended once. */
function findUsual(database: DatabaseSync, selection: Selection, search: Search): readonly Found[] {
  const byIndex = indexFor(database, selection);
  if (byIndex && byIndex.ids.length <= fewIds)
    return searchIndex(database, selection, { ...search, ...byIndex });
  const [near, far] = splitRanges(search.ranges, glance);
  const found = scan(database, selection, { ...search, ranges: near });
  if (found.length >= search.limit || far.length === 0) return found;
  const rest = { ranges: far, limit: search.limit - found.length };
  if (byIndex && byIndex.ids.length <= manyIds)
    return [...found, ...searchIndex(database, selection, { ...rest, ...byIndex })];
  return [...found, ...scan(database, selection, rest)];
}

interface IndexChoice {
  readonly column: "attribution_id" | "route_id" | "kind";
  readonly ids: readonly number[];
}

/** The index that leaves the fewest rows to read; null if the filter has none. */
function indexFor(
  database: DatabaseSync,
  { attributionIds, routeIds, kinds: wanted }: Selection,
): IndexChoice | null {
  // All kinds but settled have an index.
  if (wanted && !wanted.includes(kinds.settled)) return { column: "kind", ids: wanted };
  const byAttribution =
    attributionIds && ({ column: "attribution_id", ids: attributionIds } as const);
  const byRoute = routeIds && ({ column: "route_id", ids: routeIds } as const);
  if (!byAttribution || !byRoute) return byAttribution ?? byRoute;
  return countRows(database, byRoute) < countRows(database, byAttribution)
    ? byRoute
    : byAttribution;
}

/** The number of rows that an index has for the ids, up to a bound. */
function countRows(database: DatabaseSync, { column, ids }: IndexChoice): number {
  if (ids.length > fewIds) return Number.POSITIVE_INFINITY;
  const counted = prepareRows(
    database,
    `SELECT count(*) FROM (SELECT 1 FROM entry WHERE ${column} = ? AND ${outcomeRows("kind")} LIMIT ${countedRows})`,
  );
  return ids.reduce((sum, id) => sum + Number(allRows(counted, id)[0]?.[0] ?? 0), 0);
}

const countedRows = 2000;

/** Rows that replaced nothing and were not replaced. */
const isUsual = `
  ${outcomeRows("kind")} AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.seq = entry.seq)
  AND NOT EXISTS (SELECT 1 FROM amendment WHERE amendment.replaces = entry.seq)`;

function searchIndex(
  database: DatabaseSync,
  selection: Selection,
  search: Search & IndexChoice,
): readonly Found[] {
  const { column, ids, ranges, limit } = search;
  const [newest, oldest] = [ranges[0], ranges.at(-1)];
  if (!newest || !oldest) return [];
  const other = column === "kind" ? ` AND ${otherRows("kind")}` : "";
  const statement = prepareRows(
    database,
    `SELECT seq, at, kind, attribution_id, route_id FROM entry
     WHERE ${column} = ? AND seq BETWEEN ? AND ? AND ${isUsual}${other} ORDER BY seq DESC`,
  );
  const matches = matcher(selection);
  let found: Found[] = [];
  let { first } = oldest;
  for (const id of ids) {
    const ofId: Found[] = [];
    for (const values of statement.iterate(id, first, newest.last) as Iterable<unknown> as Iterable<
      readonly number[]
    >) {
      const candidate = read(values);
      if (matches(candidate)) ofId.push(candidate);
      if (ofId.length >= limit) break;
    }
    found = [...found, ...ofId].sort((left, right) => right.seq - left.seq).slice(0, limit);
    // Nothing older than the last row of a full page can be in it.
    if (found.length >= limit) first = found.at(-1)?.seq ?? first;
  }
  return found;
}

function scan(
  database: DatabaseSync,
  selection: Selection,
  { ranges, limit }: Search,
): readonly Found[] {
  const statement = prepareRows(
    database,
    `SELECT seq, at, kind, attribution_id, route_id FROM entry WHERE seq BETWEEN ? AND ? AND ${isUsual} ORDER BY seq DESC`,
  );
  const matches = matcher(selection);
  const found: Found[] = [];
  for (const { first, last } of ranges) {
    const rows = statement.iterate(first, last) as Iterable<unknown>;
    for (const values of rows as Iterable<readonly number[]>) {
      const candidate = read(values);
      if (matches(candidate)) found.push(candidate);
      if (found.length >= limit) return found;
    }
  }
  return found;
}

/** Calls whose outcome was replaced: they are few, and scanned one by one. */
function findAmended(
  database: DatabaseSync,
  selection: Selection,
  { limit, before }: Page,
): readonly Found[] {
  const statement = prepareRows(
    database,
    // CROSS JOIN makes SQLite start from the few amendments, not the many entries.
    `SELECT entry.seq, amendment.ended_at, kind, attribution_id, route_id FROM amendment CROSS JOIN entry USING (seq)
     WHERE amendment.seq < ? AND NOT EXISTS (SELECT 1 FROM amendment AS later WHERE later.replaces = amendment.seq)
     ORDER BY amendment.seq DESC`,
  );
  const matches = matcher(selection);
  const found: Found[] = [];
  const rows = statement.iterate(
    before ?? Number.MAX_SAFE_INTEGER,
  ) as Iterable<unknown> as Iterable<readonly number[]>;
  for (const values of rows) {
    const candidate = read(values);
    if (matches(candidate)) found.push(candidate);
    if (found.length >= limit) break;
  }
  return found;
}

function read([
  seq = 0,
  endedAt = 0,
  kind = 0,
  attributionId = 0,
  routeId = 0,
]: readonly number[]): Found & {
  readonly kind: number;
  readonly attributionId: number;
  readonly routeId: number;
} {
  return { seq, endedAt, kind, attributionId, routeId };
}

/** The parts of the ranges that have rows before that of the page, the newest first. */
function newestFirst(
  database: DatabaseSync,
  ranges: readonly SeqRange[],
  { before }: Page,
): readonly SeqRange[] {
  const newest = newestSeq(database, before === null ? Number.MAX_SAFE_INTEGER : before - 1);
  return ranges
    .filter(({ first }) => first <= newest)
    .map(({ first, last }) => ({ first, last: Math.min(last, newest) }))
    .toReversed();
}

/** The first ranges, up to a number of rows, and the rest. */
function splitRanges(
  ranges: readonly SeqRange[],
  rows: number,
): readonly [readonly SeqRange[], readonly SeqRange[]] {
  let left = rows;
  for (const [index, { first, last }] of ranges.entries()) {
    const length = last - first + 1;
    if (length > left) {
      const middle = last - left + 1;
      const near = left === 0 ? [] : [{ first: middle, last }];
      const far = { first, last: middle - 1 };
      return [
        [...ranges.slice(0, index), ...near],
        [far, ...ranges.slice(index + 1)],
      ];
    }
    left -= length;
  }
  return [ranges, []];
}

function newestSeq(database: DatabaseSync, last: number): number {
  const rows = allRows(prepareRows(database, "SELECT max(seq) FROM entry WHERE seq <= ?"), last);
  return Number(rows[0]?.[0] ?? 0);
}
