/** Records how far each consumer of events has come, and its dead letters, next to the ledger. */

import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { CloudEvent } from "../../domain/event/cloud-event.ts";
import type { EventPosition } from "../../domain/event/position.ts";
import type {
  DeadLetter,
  DeadLetterQuery,
  Deliveries,
  DeliveryFailure,
  DeliveryState,
  DeliveryStep,
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
`;

type Row = Readonly<Record<string, SQLOutputValue>>;

/**
 * A few writes for each event, off the call path. If the file is lost, consumers begin with new
 * events, and dead letters are gone; the ledger is not affected.
 */
export class SqliteDeliveries implements Deliveries {
  readonly #file: string;
  readonly #database: DatabaseSync;

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
    const count = this.#get("SELECT count(*) AS n FROM dead_letter WHERE consumer = ?", consumer);
    const { seq, place, delivered_id: eventId, delivered_at: at, failing } = row;
    return {
      cursor: { seq: Number(seq), index: Number(place) },
      delivered: eventId === null ? null : { eventId: String(eventId), at: Number(at) },
      failing: failing === null ? null : (JSON.parse(String(failing)) as DeliveryFailure),
      deadLetters: Number(count?.["n"]),
    };
  }

  async advance(consumer: string, { cursor, delivered }: DeliveryStep): Promise<void> {
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

  async bury(
    { consumer, event, at, failure }: Omit<DeadLetter, "id">,
    cursor: EventPosition,
  ): Promise<void> {
    this.#run("BEGIN IMMEDIATE", []);
    try {
      this.#run("INSERT INTO dead_letter (consumer, at, event, failure) VALUES (?, ?, ?, ?)", [
        consumer,
        at,
        JSON.stringify(event),
        JSON.stringify(failure),
      ]);
      await this.advance(consumer, { cursor });
      this.#run("COMMIT", []);
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  async deadLetters({
    consumer,
    after = 0,
    limit,
  }: DeadLetterQuery): Promise<readonly DeadLetter[]> {
    const select =
      "SELECT * FROM dead_letter WHERE consumer = ? AND letter_id > ? ORDER BY letter_id LIMIT ?";
    return this.#attempt(() => this.#database.prepare(select).all(consumer, after, limit)).map(
      readLetter,
    );
  }

  async deadLetter(consumer: string, id: number): Promise<DeadLetter | undefined> {
    const select = "SELECT * FROM dead_letter WHERE consumer = ? AND letter_id = ?";
    const row = this.#get(select, consumer, id);
    return row && readLetter(row);
  }

  async removeDeadLetter(consumer: string, id: number): Promise<void> {
    this.#run("DELETE FROM dead_letter WHERE consumer = ? AND letter_id = ?", [consumer, id]);
  }

  close(): void {
    this.#database.close();
  }

  #get(sql: string, ...parameters: readonly (string | number)[]): Row | undefined {
    return this.#attempt(() => this.#database.prepare(sql).get(...parameters));
  }

  #run(sql: string, parameters: readonly (string | number | null)[]): void {
    this.#attempt(() => this.#database.prepare(sql).run(...parameters));
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
