/** Rebuilds the books from the tables. */

import type { DatabaseSync } from "node:sqlite";
import { assert } from "../../../domain/assert.ts";
import { Books } from "../../../domain/ledger/books.ts";
import { addQuantities } from "../../../domain/ledger/entry.ts";
import type { History } from "../../../domain/ledger/past.ts";
import { decodeEntry, decodeHold, decodeReserves, decodeTopUp } from "../../journal/decode.ts";
import type { FileHistory } from "../journal/file-history.ts";
import { allRows, prepareRows, readRow, rowColumns } from "../journal/journal-file.ts";
import { kinds } from "../../journal/kind.ts";
import { otherRows } from "../journal/kind-condition.ts";
import type { OpenCalls } from "./open-calls.ts";

export interface Recovered {
  readonly books: Books;
  /** The last entry in the tables; 0 if there is none. */
  readonly lastSeq: number;
}

/** What is read, and where the new books look up the rest. */
export interface Sources {
  readonly file: FileHistory;
  readonly history: History;
  readonly calls: OpenCalls;
  /**
   * Milliseconds since the epoch: counters of windows open at this time are read at once, others on
   * first use.
   */
  readonly at: number;
}

/**
 * Applies the definitions, reads the counters and restores the open holds. The rest of the journal
 * is not read: the counters are its sum, written in the same transactions.
 */
export function recover(database: DatabaseSync, sources: Sources): Recovered {
  const books = new Books(sources.history);
  applyDefinitions(database, books, sources);
  touchOpenCounters(database, books, sources);
  restoreHolds(database, books, sources);
  books.takeChanges();
  const last = database.prepare("SELECT max(seq) AS seq FROM entry").get();
  return { books, lastSeq: Number(last?.["seq"] ?? 0) };
}

function applyDefinitions(database: DatabaseSync, books: Books, { file }: Sources): void {
  const select = `SELECT ${rowColumns("entry")} FROM entry WHERE ${otherRows("kind")} AND kind >= ${kinds.budget} ORDER BY seq`;
  const context = { names: file.names, callOf: (seq: number) => file.journal.callOf(seq) };
  for (const values of allRows(prepareRows(database, select))) {
    const entry = decodeEntry(readRow(values), context);
    // The counters already include the recounted spending of a budget and all later charges.
    if (entry.kind === "budget") books.define(entry);
    else books.apply(entry);
  }
}

function touchOpenCounters(database: DatabaseSync, books: Books, { file, at }: Sources): void {
  const rows = database
    .prepare("SELECT counter_id FROM counter WHERE window_end IS NULL OR window_end > ?")
    .all(at);
  for (const row of rows) books.counter(file.names.counter(Number(row["counter_id"])));
}

function restoreHolds(database: DatabaseSync, books: Books, { file, calls }: Sources): void {
  for (const { seq } of database.prepare("SELECT seq FROM hold ORDER BY seq").all()) {
    const row = file.journal.row(Number(seq));
    assert(row !== undefined, "an open hold is in the journal");
    const hold = decodeHold(row, file.names);
    const topUps = file.journal.topUps(row.seq);
    books.restoreHold({
      ...hold,
      counters: file.countersOf(row.seq, hold),
      amount: topUps.map(decodeTopUp).reduce(addQuantities, hold.amount),
      ...(hold.closing && {
        closing: {
          run: hold.closing.run,
          budgets: [...hold.closing.budgets, ...topUps.flatMap(decodeReserves)],
        },
      }),
    });
    calls.restore(row, hold);
  }
}
