/** Pages by an opaque cursor, so new rows neither repeat nor hide others. */

import { hash } from "node:crypto";
import { PurserError } from "../domain/error.ts";

/** @throws PurserError `invalid_request` for an unknown cursor. */
export function readCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const match = /^before:(\d{1,15})$/.exec(text);
  if (!match) {
    throw new PurserError("invalid_request", "cursor: unknown cursor", {
      field: "cursor",
      remedy:
        "Give `next_cursor` of the previous page unchanged, or leave it out for the first page.",
    });
  }
  return Number(match[1]);
}

/** @param before The `seq` before which the next page begins. */
export function writeCursor(before: number): string {
  return Buffer.from(`before:${before}`, "latin1").toString("base64url");
}

/** A page of rows in an order of their own, over a range of time that stays the same. */
export interface RankedPage {
  readonly from: number;
  readonly to: number;
  /** How many rows the earlier pages have. */
  readonly skip: number;
}

/**
 * @param query The fields that must be the same on every page.
 * @returns Null for the first page.
 * @throws PurserError `invalid_request` for an unknown cursor, or that of another query.
 */
export function readRankedCursor(
  cursor: string | undefined,
  query: Readonly<Record<string, unknown>>,
): RankedPage | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [, from, to, skip, of] = /^(-?\d{1,16}):(\d{1,16}):(\d{1,9}):(\w{16})$/.exec(text) ?? [];
  if (of === digestOf(query)) return { from: Number(from), to: Number(to), skip: Number(skip) };
  throw new PurserError("invalid_request", "cursor: is not that of this query", {
    field: "cursor",
    remedy: "Give `next_cursor` of the previous page with the same parameters, or leave it out.",
  });
}

export function writeRankedCursor(
  { from, to, skip }: RankedPage,
  query: Readonly<Record<string, unknown>>,
): string {
  return Buffer.from(`${from}:${to}:${skip}:${digestOf(query)}`, "latin1").toString("base64url");
}

function digestOf(query: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(query)
    .filter(([name]) => name !== "cursor" && name !== "limit")
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return hash("sha256", JSON.stringify(fields)).slice(0, 16);
}

/** @param rows One more than fits on the page, unless it is the last page. */
export function cutPage<Row extends { readonly seq: number }>(
  rows: readonly Row[],
  limit: number,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > limit && last ? writeCursor(last.seq) : null };
}
