/** Reads the journal in order, one page at a time. */

import type { NumberedEntry } from "../../../app/port/feed.ts";
import { decodeEntry } from "../../journal/decode.ts";
import { allRows, prepareRows, readRow, rowColumns } from "../journal/journal-file.ts";
import type { Source } from "./calls.ts";
import type { EntriesQuery } from "./query.ts";

/** @returns null if the journal ends before `afterSeq`. */
export function readEntries(
  { database, file }: Pick<Source, "database" | "file">,
  { afterSeq, limit }: EntriesQuery,
): readonly NumberedEntry[] | null {
  const select = `SELECT ${rowColumns("entry")} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`;
  const context = { names: file.names, callOf: (seq: number) => file.journal.callOf(seq) };
  const page = allRows(prepareRows(database, select), afterSeq, limit).map((values) => {
    const row = readRow(values);
    return { seq: row.seq, entry: decodeEntry(row, context) };
  });
  if (page.length > 0 || afterSeq === 0) return page;
  return file.journal.row(afterSeq) ? page : null;
}
