/** Pages by an opaque cursor, so new rows neither repeat nor hide others. */

import { hash } from "node:crypto";
import { PurserError } from "../domain/error.ts";

/** What must be the same on every page: the list, and the fields that choose its rows. */
export type PagedQuery = Readonly<Record<string, unknown>> & { readonly list: string };

/**
 * @returns The `seq` before which the page begins; null for the first page.
 * @throws PurserError `invalid_request` for an unknown cursor, or that of another query.
 */
export function readCursor(cursor: string | undefined, query: PagedQuery): number | null {
  if (cursor === undefined) return null;
  const [, before, of] = /^before:(\d{1,15}):(\w{16})$/.exec(decode(cursor)) ?? [];
  checkCursor(of, query);
  return Number(before);
}

/** @param before The `seq` before which the next page begins. */
export function writeCursor(before: number, query: PagedQuery): string {
  return encode(`before:${before}:${digestOf(query)}`);
}

/** A page of rows in an order of their own, over a range of time that stays the same. */
export interface RankedPage {
  readonly from: number;
  readonly to: number;
  /** How many rows the earlier pages have. */
  readonly skip: number;
}

/**
 * @returns Null for the first page.
 * @throws PurserError `invalid_request` for an unknown cursor, or that of another query.
 */
export function readRankedCursor(cursor: string | undefined, query: PagedQuery): RankedPage | null {
  if (cursor === undefined) return null;
  const [, from, to, skip, of] =
    /^(-?\d{1,16}):(\d{1,16}):(\d{1,9}):(\w{16})$/.exec(decode(cursor)) ?? [];
  checkCursor(of, query);
  return { from: Number(from), to: Number(to), skip: Number(skip) };
}

export function writeRankedCursor({ from, to, skip }: RankedPage, query: PagedQuery): string {
  return encode(`${from}:${to}:${skip}:${digestOf(query)}`);
}

/** @param digest Of the query of the previous page; undefined if the cursor has none. */
function checkCursor(digest: string | undefined, query: PagedQuery): void {
  if (digest === digestOf(query)) return;
  const problem = digest === undefined ? "unknown cursor" : "belongs to another query";
  throw new PurserError("invalid_request", `cursor: ${problem}`, {
    field: "cursor",
    remedy:
      "Give `next_cursor` of the previous page with the same parameters, or leave it out for the first page.",
  });
}

function decode(cursor: string): string {
  return Buffer.from(cursor, "base64url").toString("latin1");
}

function encode(text: string): string {
  return Buffer.from(text, "latin1").toString("base64url");
}

function digestOf(query: PagedQuery): string {
  const fields = Object.entries(query)
    .filter(([name]) => name !== "cursor" && name !== "limit")
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return hash("sha256", JSON.stringify(fields)).slice(0, 16);
}

/**
 * @param rows One more than fits on the page, unless it is the last page.
 * @param query Has the `limit` of the page.
 */
export function cutPage<Row extends { readonly seq: number }>(
  rows: readonly Row[],
  query: PagedQuery & { readonly limit: number },
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const { limit } = query;
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page,
    nextCursor: rows.length > limit && last ? writeCursor(last.seq, query) : null,
  };
}
