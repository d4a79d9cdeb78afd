/** Stores batches on disk as they come, and books them into the tables later. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Durability } from "../schema.ts";
import { mergeBatches, type Batch } from "./batch.ts";
import type { BatchWriter } from "./batch-writer.ts";
import { readStaged } from "./staged.ts";

/** This many entries are booked in about two milliseconds, during which other batches wait. */
const maxStagedEntries = 256;
/** A batch of this size touches so many table pages that staging it first would only add work. */
const bookedAtOnceEntries = 256;

/**
 * A batch is safe as soon as its text is in the `staged` table: a few new pages, whereas its
 * entries with their indexes, balances and roll-ups touch a dozen. Those are written for many
 * batches at once, in one transaction that also deletes the staged batches, so each is booked
 * exactly once. Batches left there by one process are booked by the next.
 *
 * All methods throw SQLite's errors. After an error, the operation had no effect, and the staged
 * batches are still there.
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
  /** The staged batches could not be booked: until they can, no more are accepted. */
  #isStuck = false;

  /** Books the batches left by the previous process. */
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

  /** Whether enough is staged to be booked now. */
  get isFull(): boolean {
    return this.#entries >= maxStagedEntries;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** Puts a batch on disk, and syncs it if required. @param text The batch as JSON. */
  add(text: string, entries: number): void {
    if (this.#isStuck) this.book();
    const batch = JSON.parse(text) as Batch;
    if (entries >= bookedAtOnceEntries) return this.#book([...this.#batches, batch], true);
    this.#sync(true);
    this.#lastId = Number(this.#insert.run(text).lastInsertRowid);
    this.#batches = [...this.#batches, batch];
    this.#entries += entries;
  }

  /** Books everything staged. It is safe already, so no sync is needed. */
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
