/** Records how far each consumer of events has come, and its dead letters, next to the ledger. */

import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import type { EventPosition } from "../../domain/event/position.ts";
import {
  type DeadLetter,
  type DeadLetterQuery,
  type Deliveries,
  type DeliveryFailure,
  type DeliveryState,
  type DeliveryStep,
  letterLifeMs,
  type LetterCount,
  mostLetters,
} from "../../app/port/deliveries.ts";
import { PurserError } from "../../domain/error.ts";
import { findDamage, quicklyReadBytes, type IntegrityCheck } from "./integrity.ts";
import { damageRemedyFor } from "./schema.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS consumer (
    name TEXT PRIMARY KEY, seq INTEGER NOT NULL, place INTEGER NOT NULL,
    delivered_id TEXT, delivered_at INTEGER, failing TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dead_letter (
    letter_id INTEGER PRIMARY KEY AUTOINCREMENT, consumer TEXT NOT NULL, at INTEGER NOT NULL,
    event TEXT NOT NULL, failure TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS dead_letter_consumer ON dead_letter (consumer, letter_id);
  CREATE TABLE IF NOT EXISTS dropped_letters (
    consumer TEXT PRIMARY KEY, letters INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Those that one new letter displaces at most, so that none takes long. */
const mostDroppedAtOnce = 100;

type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * A few writes for each event, off the call path. If the file is lost, consumers begin with new
 * events, and dead letters are gone; the ledger is not affected.
 */
export class SqliteDeliveries implements Deliveries {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** By consumer. Counting the rows takes longer the more there are. */
  readonly #counts = new Map<string, LetterCount>();

  /** @throws PurserError `store_unavailable`, also for a file that is damaged. */
  constructor(directory: string) {
    this.#file = fileIn(directory);
    try {
      if (isQuicklyRead(this.#file)) refuseDamage(this.#file, "quick_check");
      this.#database = new DatabaseSync(this.#file);
      chmodSync(this.#file, 0o600);
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`);
    } catch (cause) {
      throw unavailable(this.#file, cause);
    }
  }

  async stateOf(consumer: string): Promise<DeliveryState | undefined> {
    const row = this.#get("SELECT * FROM consumer WHERE name = ?", consumer);
    if (!row) return undefined;
    const { seq, place, delivered_id: eventId, delivered_at: at, failing } = row;
    return {
      cursor: { seq: Number(seq), index: Number(place) },
      delivered: eventId === null ? null : { eventId: String(eventId), at: Number(at) },
      failing: failing === null ? null : (JSON.parse(String(failing)) as DeliveryFailure),
    };
  }

  async advance(consumer: string, step: DeliveryStep): Promise<void> {
    this.#advance(consumer, step);
  }

  #advance(consumer: string, { cursor, delivered }: DeliveryStep): void {
    this.#run(
      `INSERT INTO consumer VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE SET
         seq = excluded.seq, place = excluded.place, failing = NULL,
         delivered_id = coalesce(excluded.delivered_id, delivered_id),
         delivered_at = coalesce(excluded.delivered_at, delivered_at)`,
      [consumer, cursor.seq, cursor.index, delivered?.eventId ?? null, delivered?.at ?? null],
    );
  }

  async fail(consumer: string, failure: DeliveryFailure): Promise<void> {
    this.#run("UPDATE consumer SET failing = ? WHERE name = ?", [
      JSON.stringify(failure),
      consumer,
    ]);
  }

  async bury(letter: Omit<DeadLetter, "id">, cursor: EventPosition): Promise<number> {
    const { consumer, event, at, failure } = letter;
    const { kept, dropped } = this.#count(consumer);
    const displaced = this.#together(() => {
      this.#run("INSERT INTO dead_letter (consumer, at, event, failure) VALUES (?, ?, ?, ?)", [
        consumer,
        at,
        JSON.stringify(event),
        JSON.stringify(failure),
      ]);
      this.#advance(consumer, { cursor });
      return this.#dropOldest({ consumer, at }, kept + 1);
    });
    this.#counts.set(consumer, { kept: kept + 1 - displaced, dropped: dropped + displaced });
    return displaced;
  }

  async countLetters(consumer: string): Promise<LetterCount> {
    return this.#count(consumer);
  }

  async deadLetters({
    consumer,
    after = 0,
    limit,
  }: DeadLetterQuery): Promise<readonly DeadLetter[]> {
    const select =
      "SELECT * FROM dead_letter WHERE consumer = ? AND letter_id > ? ORDER BY letter_id LIMIT ?";
    return this.#attempt(() => this.#statement(select).all(consumer, after, limit)).map(readLetter);
  }

  async deadLetter(consumer: string, id: number): Promise<DeadLetter | undefined> {
    const select = "SELECT * FROM dead_letter WHERE consumer = ? AND letter_id = ?";
    const row = this.#get(select, consumer, id);
    return row && readLetter(row);
  }

  async removeDeadLetter(consumer: string, id: number): Promise<void> {
    const { kept, dropped } = this.#count(consumer);
    const removed = this.#run("DELETE FROM dead_letter WHERE consumer = ? AND letter_id = ?", [
      consumer,
      id,
    ]);
    this.#counts.set(consumer, { kept: kept - removed, dropped });
  }

  close(): void {
    this.#database.close();
  }

  #count(consumer: string): LetterCount {
    const known = this.#counts.get(consumer);
    if (known) return known;
    const kept = this.#get("SELECT count(*) AS n FROM dead_letter WHERE consumer = ?", consumer);
    const gone = this.#get("SELECT letters AS n FROM dropped_letters WHERE consumer = ?", consumer);
    const count = { kept: Number(kept?.["n"] ?? 0), dropped: Number(gone?.["n"] ?? 0) };
    this.#counts.set(consumer, count);
    return count;
  }

  /** @returns How many of the consumer's letters were dropped. */
  #dropOldest({ consumer, at }: { readonly consumer: string; readonly at: number }, kept: number) {
    const excess = Math.min(Math.max(0, kept - mostLetters), mostDroppedAtOnce);
    const oldest =
      "SELECT letter_id, at FROM dead_letter WHERE consumer = ? ORDER BY letter_id LIMIT ?";
    const drop = `DELETE FROM dead_letter WHERE letter_id IN
      (SELECT letter_id FROM (${oldest}) WHERE at < ?)`;
    const dropped =
      this.#run(drop, [consumer, excess, Number.MAX_SAFE_INTEGER]) +
      this.#run(drop, [consumer, mostDroppedAtOnce, at - letterLifeMs]);
    if (dropped > 0)
      this.#run(
        `INSERT INTO dropped_letters VALUES (?, ?)
           ON CONFLICT (consumer) DO UPDATE SET letters = letters + excluded.letters`,
        [consumer, dropped],
      );
    return dropped;
  }

  /** In one transaction. The work is synchronous, so no other writes are in it. */
  #together<Result>(work: () => Result): Result {
    this.#run("BEGIN IMMEDIATE", []);
    try {
      const result = work();
      this.#run("COMMIT", []);
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #get(sql: string, ...parameters: readonly (string | number)[]): Row | undefined {
    return this.#attempt(() => this.#statement(sql).get(...parameters));
  }

  /** @returns How many rows it changed. */
  #run(sql: string, parameters: readonly (string | number | null)[]): number {
    return this.#attempt(() => Number(this.#statement(sql).run(...parameters).changes));
  }

  /** Prepared once. */
  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #attempt<Answer>(ask: () => Answer): Answer {
    try {
      return ask();
    } catch (cause) {
      throw unavailable(this.#file, cause);
    }
  }
}

/** @throws PurserError `store_unavailable` for a file that exists and is damaged; changes nothing. */
export function checkDeliveries(directory: string): void {
  const file = fileIn(directory);
  if (existsSync(file)) refuseDamage(file, "integrity_check");
}

function readLetter(row: Row): DeadLetter {
  return {
    id: Number(row["letter_id"]),
    consumer: String(row["consumer"]),
    event: JSON.parse(String(row["event"])) as CloudEvent,
    at: Number(row["at"]),
    failure: JSON.parse(String(row["failure"])) as DeliveryFailure,
  };
}

function refuseDamage(file: string, check: IntegrityCheck): void {
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const [finding] = findDamage(database, check);
      if (finding !== undefined) throw unavailable(file, new Error(finding), true);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw unavailable(file, cause);
  }
}

function unavailable(
  file: string,
  cause: unknown,
  isDamaged = damageRemedyFor(cause) !== undefined,
): PurserError {
  if (cause instanceof PurserError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PurserError(
    "store_unavailable",
    `${file}, which records deliveries of events, cannot be used: ${reason}`,
    {
      field: "data",
      remedy: isDamaged
        ? "Restore it from a backup; or stop the server and move the file away: notifiers then begin with new events."
        : "Check that the folder is writable and that the disk has room.",
      cause,
    },
  );
}

function isQuicklyRead(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return size > 0 && size <= quicklyReadBytes;
}

function fileIn(directory: string): string {
  return join(directory, "deliveries.db");
}
