/** Batches that are on file as they came, before they are booked into the tables. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Durability } from "../schema.ts";
import { mergeBatches, type Batch } from "./batch.ts";
import type { BatchWriter } from "./batch-writer.ts";
import { readStaged } from "./staged.ts";

/** So many entries are booked in about two milliseconds, for which other batches wait. */
const maxStagedEntries = 256;
/** A batch of this size touches so many pages of the tables that to stage it first would only be more to do. */
const bookedAtOnceEntries = 256;

/**
 * A batch is safe as soon as its text is in a table of its own: a few new pages, where its entries with their indexes, balances and
 * roll-ups touch a dozen. Those are written for many batches at once, in one transaction that also takes the batches out of the
 * table, so that each is booked exactly once; what a process leaves there is booked by the next.
 *
 * All methods throw what SQLite throws. Then what they were to do was not done, and what is staged is still there.
 */
export class Staging {
  readonly #database: DatabaseSync;
  readonly #writer: BatchWriter;
  readonly #durability: Durability;
  readonly #insert: StatementSync;
  #batches: readonly Batch[];
  #lastId: number;
  #entries = 0;
  #isSynced = true;
  /** What is staged could not be booked: until it can, no more is taken. */
  #isStuck = false;

  /** Books what was left by the process before. */
  constructor(database: DatabaseSync, writer: BatchWriter, durability: Durability) {
    this.#database = database;
    this.#writer = writer;
    this.#durability = durability;
    this.#insert = database.prepare("INSERT INTO staged (batch) VALUES (?)");
    const left = readStaged(database);
    this.#batches = left.map(({ batch }) => batch);
    this.#lastId = left.at(-1)?.id ?? 0;
    this.book();
  }

  /** Whether so much is staged that it should be booked now. */
  get isFull(): boolean {
    return this.#entries >= maxStagedEntries;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** Puts a batch on file, and syncs it if that is wanted. @param text The batch as JSON. */
  add(text: string, entries: number): void {
    if (this.#isStuck) this.book();
    const batch = JSON.parse(text) as Batch;
    if (entries >= bookedAtOnceEntries) return this.#book([...this.#batches, batch], true);
    this.#sync(true);
    this.#lastId = Number(this.#insert.run(text).lastInsertRowid);
    this.#batches = [...this.#batches, batch];
    this.#entries += entries;
  }

  /** Books all that is staged. It is safe already, so that no sync is needed. */
  book(): void {
    if (!this.isEmpty) this.#book(this.#batches, false);
  }

  #book(batches: readonly Batch[], synced: boolean): void {
    this.#isStuck = !this.isEmpty;
    this.#sync(synced);
    this.#writer.write(mergeBatches(batches), this.#lastId);
    this.#isStuck = false;
    this.#batches = [];
    this.#entries = 0;
  }

  #sync(synced: boolean): void {
    if (this.#durability !== "full" || synced === this.#isSynced) return;
    this.#database.exec(`PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}`);
    this.#isSynced = synced;
  }
}
