/** The books with what is needed to write them: names, open calls, the next sequence number. Replaced as a whole after a failure. */

import type { DatabaseSync } from "node:sqlite";
import type { Books } from "../../../domain/ledger/books.ts";
import type { CallId, Entry } from "../../../domain/ledger/entry.ts";
import { encodeEntry, type EncodedEntry } from "../journal/encode.ts";
import { FileHistory } from "../journal/file-history.ts";
import { NameWriter } from "../journal/name-writer.ts";
import { pushEntry, type Batch, type Column } from "./batch.ts";
import { Gathering } from "./gathering.ts";
import { OpenCalls } from "./open-calls.ts";
import { recover } from "./recover.ts";

export class JournalState {
  readonly books: Books;
  readonly #names: NameWriter;
  readonly #calls: OpenCalls;
  /** What ended in batches that are not on file yet. */
  readonly #unwrittenEnds = new Set<ReadonlySet<string>>();
  #nextSeq: number;
  #gathering: Gathering;

  /**
   * @param database A connection that may read.
   * @param at Milliseconds since the epoch.
   */
  constructor(database: DatabaseSync, at: number) {
    const file = new FileHistory(database);
    this.#names = new NameWriter(database);
    this.#calls = new OpenCalls(file);
    const history = {
      attempts: (operationId: string) => (this.#calls.isFirst(operationId) ? [] : file.attempts(operationId)),
      counter: file.counter.bind(file),
    };
    const { books, lastSeq } = recover(database, { file, history, calls: this.#calls, at });
    this.books = books;
    this.#nextSeq = lastSeq + 1;
    this.#gathering = new Gathering(this.#nextSeq);
  }

  get gathering(): Gathering {
    return this.#gathering;
  }

  /** Applies the entries of one decision, all of them or none, and adds them to the batch. */
  record(entries: readonly Entry[]): void {
    const context = { names: this.#names, callOf: (id: CallId) => this.#calls.find(id) };
    const encoded = entries.map((entry, place) => encodeEntry(entry, this.#nextSeq + place, context));
    entries.forEach((entry, place) => {
      const row = encoded[place];
      if (row) this.#apply(entry, row);
    });
  }

  /** Hands over what was gathered as a batch, and begins the next one. */
  takeBatch(number: number): { readonly batch: Batch; readonly gathered: Gathering; readonly written: () => void } {
    const gathered = this.#gathering;
    const changes = this.books.takeChanges();
    this.#names.beginEntry(this.#nextSeq - 1);
    const counters: Column[] = [];
    for (const { key, spent, held, overrun, fired } of changes.counters) {
      counters.push(this.#names.counter(key), `${spent}`, `${held}`, `${overrun}`, JSON.stringify(fired), key.windowEnd);
    }
    const { firstSeq, entries, ended } = gathered;
    const names = this.#names.takeDefined();
    const batch = { number, firstSeq, entries, names, counters, opened: [...gathered.opened], ended };
    const endedCalls = this.#calls.takeEnded();
    this.#gathering = new Gathering(this.#nextSeq);
    this.#unwrittenEnds.add(changes.ended);
    const written = (): void => {
      this.#names.settleNames(names);
      this.#calls.forget(endedCalls);
      this.#forgetPast(changes.ended);
    };
    return { batch, gathered, written };
  }

  /** What ended again in a later batch is remembered until that one is on file. */
  #forgetPast(ended: ReadonlySet<string>): void {
    this.#unwrittenEnds.delete(ended);
    const later = [...this.#unwrittenEnds];
    this.books.forgetPast(later.length === 0 ? ended : [...ended].filter((id) => !later.some((ids) => ids.has(id))));
  }

  #apply(entry: Entry, row: EncodedEntry): void {
    this.books.apply(entry);
    this.#nextSeq += 1;
    pushEntry(this.#gathering.entries, row);
    if (entry.kind === "hold") {
      this.#calls.open(entry, row);
      this.#gathering.opened.add(row.seq);
      return;
    }
    if (!endsHold(entry) || row.call === null) return;
    this.#calls.end(entry);
    this.#gathering.end(row.call);
  }
}

function endsHold(entry: Entry): entry is Extract<Entry, { kind: "settle" | "release" | "expire" }> {
  return (entry.kind === "settle" && !entry.late) || entry.kind === "release" || entry.kind === "expire";
}
