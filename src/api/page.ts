/** Paging by an opaque cursor, so that rows which arrive meanwhile neither repeat nor hide one. */

import { PurserError } from "../domain/error.ts";

/** @throws PurserError `invalid_request` for a text that is no cursor of ours. */
export function readCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const match = /^before:(\d{1,15})$/.exec(text);
  if (!match) {
    throw new PurserError("invalid_request", "cursor: not one that was given here", {
      field: "cursor",
      remedy: "Give `next_cursor` of the page before as it is, or leave it out to begin.",
    });
  }
  return Number(match[1]);
}

function writeCursor(before: number): string {
  return Buffer.from(`before:${before}`, "latin1").toString("base64url");
}

/** @param rows One more than the page holds, when there is one: that is how the end is known. */
export function cutPage<Row extends { readonly seq: number }>(
  rows: readonly Row[],
  limit: number,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, nextCursor: rows.length > limit && last ? writeCursor(last.seq) : null };
}
