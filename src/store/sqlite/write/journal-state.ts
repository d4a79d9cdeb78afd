/**
 * The books with everything needed to write them: names, open calls, the next sequence number. A
 * failure replaces it all.
 */

import type { DatabaseSync } from "node:sqlite";
import type { Books } from "../../../domain/ledger/books.ts";
import {
  endsHold,
  type CallId,
  type CounterKey,
  type Entry,
} from "../../../domain/ledger/entry.ts";
import { encodeEntry, type CallOnFile, type EncodedEntry } from "../../journal/encode.ts";
import { FileHistory } from "../journal/file-history.ts";
import { NameWriter, type NameColumns } from "../journal/name-writer.ts";
import { pushEntry, type Batch, type Column } from "./batch.ts";
import { Gathering } from "./gathering.ts";
import { callOfHold, OpenCalls } from "./open-calls.ts";
import { applyStaged } from "./recover-staged.ts";
import { recover } from "./recover.ts";

export class JournalState {
  readonly books: Books;
  /** The last entry on disk when the state was read. */
  readonly lastSeqOnFile: number;
  /** Call this once the batches that were staged at the start are booked. */
  readonly stagedBooked: () => void;
  readonly #names: NameWriter;
  readonly #calls: OpenCalls;
  /** Operations that ended in batches not booked yet. */
  readonly #unbookedEnds = new Set<ReadonlySet<string>>();
  #nextSeq: number;
  #hasCharges: boolean;
  #gathering: Gathering;

  /** @param database A connection that can read. @param at Milliseconds since the epoch. */
  constructor(database: DatabaseSync, at: number) {
    const file = new FileHistory(database);
    this.#calls = new OpenCalls(file);
    const history = {
      attempts: (operationId: string) =>
        this.#calls.isFirst(operationId) ? [] : file.attempts(operationId),
      counter: file.counter.bind(file),
    };
    // One snapshot for all reads: otherwise a batch booked meanwhile would be missed or counted
    // twice.
    database.exec("BEGIN");
    try {
      this.#names = new NameWriter(database);
      const { books, lastSeq } = recover(database, { file, history, calls: this.#calls, at });
      const staged = applyStaged(database, books, { file, names: this.#names, calls: this.#calls });
      this.books = books;
      this.#hasCharges = lastSeq > 0 || staged.lastSeq !== null;
      this.lastSeqOnFile = staged.lastSeq ?? lastSeq;
      this.#nextSeq = this.lastSeqOnFile + 1;
      this.#gathering = new Gathering(this.#nextSeq);
      this.stagedBooked = this.#whenBooked(books.takeChanges().ended, staged.names);
    } finally {
      if (database.isTransaction) database.exec("COMMIT");
    }
  }

  /** The last entry, on disk or not. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** Whether any call was ever charged. */
  get hasCharges(): boolean {
    return this.#hasCharges;
  }

  /** Looks up a counter ahead of the entry that will name it, to make that entry faster. */
  meetCounter(key: CounterKey): void {
    this.books.counter(key);
    this.#names.meetCounter(key);
  }

  get gathering(): Gathering {
    return this.#gathering;
  }

  /** Applies the entries of one decision, all or none, and adds them to the batch. */
  record(entries: readonly Entry[]): void {
    // A hold and its end may be one decision: the end then refers to a row that is not applied yet.
    let held: CallOnFile | undefined;
    const callOf = (id: CallId): CallOnFile =>
      held?.operationId === id.operationId && held.attempt === id.attempt
        ? held
        : this.#calls.find(id);
    const context = { names: this.#names, callOf };
    const encoded = entries.map((entry, place) => {
      const row = encodeEntry(entry, this.#nextSeq + place, context);
      if (entry.kind === "hold") held = callOfHold(row, entry);
      return row;
    });
    entries.forEach((entry, place) => {
      const row = encoded[place];
      if (row) this.#apply(entry, row);
    });
  }

  /**
   * Returns the gathered batch and starts the next one. Call `booked` once the batch is in the
   * tables, where its ended calls are found from then on.
   */
  takeBatch(): {
    readonly batch: Batch;
    readonly gathered: Gathering;
    readonly booked: () => void;
  } {
    const gathered = this.#gathering;
    const changes = this.books.takeChanges();
    this.#names.beginEntry(this.#nextSeq - 1);
    const counters: Column[] = [];
    for (const counter of changes.counters) {
      const { key, spent, held, overrun } = counter;
      counters.push(
        this.#names.counter(key),
        `${spent}`,
        `${held}`,
        `${overrun}`,
        JSON.stringify(counter.fired),
        key.windowEnd,
      );
    }
    const closings = changes.closings.flatMap(({ counter, run }) => [
      this.#names.counter(counter.key),
      run,
      counter.closings.has(run) ? 1 : 0,
    ]);
    const { firstSeq, entries, ended } = gathered;
    // A batch without entries has nothing to attach names to.
    const names = entries.length > 0 ? this.#names.takeDefined(this.#nextSeq - 1) : [];
    const opened = [...gathered.opened];
    const batch = { firstSeq, entries, names, counters, closings, opened, ended };
    this.#gathering = new Gathering(this.#nextSeq);
    return { batch, gathered, booked: this.#whenBooked(changes.ended, names) };
  }

  /**
   * @returns A callback for when these ends and names are in the tables, where they are found from
   *   then on.
   */
  #whenBooked(ended: ReadonlySet<string>, names: NameColumns): () => void {
    const endedCalls = this.#calls.takeEnded();
    this.#unbookedEnds.add(ended);
    return () => {
      this.#names.settleNames(names);
      this.#calls.forget(endedCalls);
      this.#forgetPast(ended);
    };
  }

  /** An operation that ended again in a later batch is remembered until that batch is booked. */
  #forgetPast(ended: ReadonlySet<string>): void {
    this.#unbookedEnds.delete(ended);
    const later = [...this.#unbookedEnds];
    this.books.forgetPast(
      later.length === 0 ? ended : [...ended].filter((id) => !later.some((ids) => ids.has(id))),
    );
  }

  #apply(entry: Entry, row: EncodedEntry): void {
    this.books.apply(entry);
    this.#hasCharges ||= entry.kind === "settle";
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
