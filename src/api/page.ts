/** Pages by an opaque cursor, so new rows neither repeat nor hide others. */

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

/** @param rows One more than fits on the page, unless it is the last page. */
export function cutPage<Row extends { readonly seq: number }>(
  rows: readonly Row[],
  limit: number,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > limit && last ? writeCursor(last.seq) : null };
}
