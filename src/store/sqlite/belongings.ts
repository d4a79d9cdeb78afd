/** Records which key owns each object stored at a provider, in a file next to the ledger. */

import { createHash } from "node:crypto";
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Belonging, Belongings } from "../../app/port/belongings.ts";
import { PurserError } from "../../domain/error.ts";
import { findDamage, quicklyReadBytes, type IntegrityCheck } from "./integrity.ts";
import { cannotOpen, damageRemedyFor } from "./schema.ts";

/**
 * We store 16 bytes of a hash: callers cannot choose provider-assigned ids, and the file reveals no
 * id.
 */
const tables = `
  CREATE TABLE IF NOT EXISTS owner (owner_id INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS thing (thing BLOB PRIMARY KEY, owner_id INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * Writes are collected for this long into one transaction. A crash leaves those things ownerless.
 */
const gatherMs = 20;
const retryMs = 1000;

export interface BelongingsOptions {
  readonly directory: string;
  /**
   * Whether callers may have created objects before. If so, a missing file was lost, and the new
   * one records that.
   */
  readonly isUsed: boolean;
  /** Called when the file cannot be written; the write is retried. */
  readonly onFailure: (error: unknown) => void;
}

/** The `user_version` of a file that was made after another was lost. */
const afterLoss = 1;

/**
 * A new owner is visible at once, and on disk within moments. The first owner of a thing stays its
 * owner.
 *
 * Losing the file gives no caller access: an object without a known owner is closed to every
 * caller, and a tuned model to every key whose list does not have its full name.
 */
export class SqliteBelongings implements Belongings {
  readonly hasLost: boolean;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertOwner: StatementSync;
  readonly #onFailure: (error: unknown) => void;
  /** By the hash of the thing, in hex. */
  readonly #unwritten = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #damage: PurserError | null = null;

  /** @throws PurserError `store_unavailable`, also for a file that is damaged. */
  constructor({ directory, isUsed, onFailure }: BelongingsOptions) {
    this.#onFailure = onFailure;
    this.#file = fileIn(directory);
    try {
      if (isQuicklyRead(this.#file)) refuseDamage(this.#file, "quick_check");
      const isLost = isUsed && !hasBelongings(directory);
      this.#database = new DatabaseSync(this.#file);
      chmodSync(this.#file, 0o600);
      // First of all: a file with anything in it is not taken for a lost one.
      if (isLost) this.#database.exec(`PRAGMA user_version = ${afterLoss}`);
      this.hasLost =
        this.#database.prepare("PRAGMA user_version").get()?.["user_version"] === afterLoss;
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`);
      this.#find = this.#database.prepare(
        "SELECT key_id FROM thing JOIN owner USING (owner_id) WHERE thing = unhex(?)",
      );
      this.#insertOwner = this.#database.prepare("INSERT OR IGNORE INTO owner (key_id) VALUES (?)");
      this.#insert = this.#database.prepare(
        "INSERT OR IGNORE INTO thing SELECT unhex(?), owner_id FROM owner WHERE key_id = ?",
      );
    } catch (cause) {
      throw damageRemedyFor(cause) === undefined
        ? cannotOpen(directory, cause)
        : damagedFile(this.#file, cause);
    }
  }

  /** The damage seen in the file so far, if any. */
  problem(): PurserError | null {
    return this.#damage;
  }

  /** @throws PurserError `store_unavailable` if the file is damaged. */
  ownerOf(provider: string, id: string): string | undefined {
    const thing = thingOf(provider, id);
    const unwritten = this.#unwritten.get(thing);
    if (unwritten !== undefined) return unwritten;
    const row = this.#lookUp(thing);
    return row && String(row["key_id"]);
  }

  keep({ provider, id, owner }: Belonging): void {
    // A damaged file takes no writes, and a thing without an owner is closed to everyone.
    if (this.#damage) return;
    try {
      if (this.ownerOf(provider, id) !== undefined) return;
    } catch (error) {
      return this.#onFailure(error);
    }
    this.#unwritten.set(thingOf(provider, id), owner);
    this.#timer ??= setTimeout(() => this.#write(), gatherMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#write();
    clearTimeout(this.#timer);
    this.#database.close();
  }

  #lookUp(thing: string): Record<string, unknown> | undefined {
    try {
      return this.#find.get(thing);
    } catch (error) {
      throw this.#noteDamage(error) ?? error;
    }
  }

  /** @returns Null if the error does not indicate damage. */
  #noteDamage(error: unknown): PurserError | null {
    if (damageRemedyFor(error) !== undefined) this.#damage ??= damagedFile(this.#file, error);
    return this.#damage;
  }

  #write(): void {
    this.#timer = undefined;
    if (this.#unwritten.size === 0) return;
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const [thing, owner] of this.#unwritten) {
        this.#insertOwner.run(owner);
        this.#insert.run(thing, owner);
      }
      this.#database.exec("COMMIT");
      this.#unwritten.clear();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      this.#onFailure(error);
      if (this.#noteDamage(error)) return this.#unwritten.clear();
      this.#timer = setTimeout(() => this.#write(), retryMs);
      this.#timer.unref();
    }
  }
}

/** Whether the folder has a file of owners. */
export function hasBelongings(directory: string): boolean {
  return sizeOf(fileIn(directory)) > 0;
}

/** @throws PurserError `store_unavailable` for a file that exists and is damaged; changes nothing. */
export function checkBelongings(directory: string): void {
  const file = fileIn(directory);
  if (existsSync(file)) refuseDamage(file, "integrity_check");
}

function refuseDamage(file: string, check: IntegrityCheck): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [finding] = findDamage(database, check);
    if (finding !== undefined) throw damagedFile(file, finding);
  } finally {
    database.close();
  }
}

function damagedFile(file: string, cause: unknown): PurserError {
  if (cause instanceof PurserError) return cause;
  const what = cause instanceof Error ? cause.message : String(cause);
  return new PurserError(
    "store_unavailable",
    `${file}, which records who owns stored objects, is damaged: ${what}`,
    {
      field: "data",
      remedy:
        "Restore it from a backup; or stop the server and move the file away: existing objects are then closed to all callers.",
      ...(cause instanceof Error && { cause }),
    },
  );
}

function isQuicklyRead(file: string): boolean {
  const size = sizeOf(file);
  return size > 0 && size <= quicklyReadBytes;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function fileIn(directory: string): string {
  return join(directory, "belongings.db");
}

function thingOf(provider: string, id: string): string {
  return createHash("sha256").update(`${provider}\n${id}`).digest("hex").slice(0, 32);
}
