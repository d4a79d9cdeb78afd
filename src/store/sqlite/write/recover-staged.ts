/** Applies staged batches to recovered books: they are on disk, but not in the tables yet. */

import type { DatabaseSync } from "node:sqlite";
import type { Books } from "../../../domain/ledger/books.ts";
import { endsHold, type CallId } from "../../../domain/ledger/entry.ts";
import { decodeEntry } from "../../journal/decode.ts";
import type { EncodedEntry } from "../../journal/encode.ts";
import type { FileHistory } from "../journal/file-history.ts";
import { nameWidth, type NameColumns, type NameWriter } from "../journal/name-writer.ts";
import { entriesOf } from "./batch.ts";
import type { OpenCalls } from "./open-calls.ts";
import { readStaged } from "./staged.ts";

export interface StagedSources {
  readonly file: FileHistory;
  readonly names: NameWriter;
  readonly calls: OpenCalls;
}

/** What to forget once it is booked. */
export interface Staged {
  /** The last staged entry; null if there is none. */
  readonly lastSeq: number | null;
  readonly names: NameColumns;
}

/** @param database A connection in the same snapshot that the books were recovered from. */
export function applyStaged(
  database: DatabaseSync,
  books: Books,
  { file, names, calls }: StagedSources,
): Staged {
  const batches = readStaged(database).map(({ batch }) => batch);
  const defined = batches.flatMap((batch) => batch.names);
  for (let place = 0; place < defined.length; place += nameWidth) {
    file.names.define(Number(defined[place]), String(defined[place + 4]));
  }
  names.restore(defined);
  const holds = new Map<number, CallId>();
  const callOf = (seq: number): CallId => holds.get(seq) ?? file.journal.callOf(seq);
  let lastSeq: number | null = null;
  for (const batch of batches) {
    for (const row of entriesOf(batch)) {
      apply(row);
      lastSeq = row.seq;
    }
  }
  return { lastSeq, names: defined };

  function apply(row: EncodedEntry): void {
    const entry = decodeEntry(row, { names: file.names, callOf });
    books.apply(entry);
    if (entry.kind === "hold") {
      holds.set(row.seq, { operationId: entry.operationId, attempt: entry.attempt });
      calls.open(entry, row);
    } else if (endsHold(entry)) calls.end(entry);
  }
}
