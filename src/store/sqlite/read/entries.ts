/** Reads the journal in order, one page at a time, with what each entry refers to. */

import type { StatementSync } from "node:sqlite";
import type { FollowedEntry } from "../../../app/port/feed.ts";
import { decodeEntry } from "../../journal/decode.ts";
import { allRows, prepareRows, readRow, rowColumns } from "../journal/journal-file.ts";
import type { Source } from "./calls.ts";
import { ContextReader } from "./entry-context.ts";
import type { EntriesQuery } from "./query.ts";

export class EntryReader {
  readonly #source: Pick<Source, "database" | "file">;
  readonly #contexts: ContextReader;
  readonly #page: StatementSync;
  readonly #last: StatementSync;

  constructor(source: Pick<Source, "database" | "file">) {
    const { database } = source;
    this.#source = source;
    this.#contexts = new ContextReader(source);
    this.#page = prepareRows(
      database,
      `SELECT ${rowColumns("entry")} FROM entry WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#last = database.prepare("SELECT max(seq) AS last FROM entry");
  }

  /** @returns null if the journal ends before `afterSeq`. */
  after({ afterSeq, limit }: EntriesQuery): readonly FollowedEntry[] | null {
    const { file } = this.#source;
    const context = { names: file.names, callOf: (seq: number) => file.journal.callOf(seq) };
    const page = allRows(this.#page, afterSeq, limit).map((values) => {
      const row = readRow(values);
      const entry = decodeEntry(row, context);
      return { seq: row.seq, entry, context: this.#contexts.of(row, entry) };
    });
    if (page.length > 0 || afterSeq === 0) return page;
    return file.journal.row(afterSeq) ? page : null;
  }

  last(): number {
    return Number(this.#last.get()?.["last"] ?? 0);
  }
}
