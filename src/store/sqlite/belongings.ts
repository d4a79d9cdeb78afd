/** Remembers the owners of what providers store, in a file beside the ledger. */

import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Belonging, Belongings } from "../../app/ports.ts";
import { cannotOpen } from "./schema.ts";

/** A thing is 16 bytes of a hash: callers cannot choose the ids that providers assign, and the file reveals no id. */
const tables = `
  CREATE TABLE IF NOT EXISTS owner (owner_id INTEGER PRIMARY KEY, key_id TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS thing (thing BLOB PRIMARY KEY, owner_id INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Writes are gathered into one transaction for this long. What a crash loses meanwhile has no owner. */
const gatherMs = 20;
const retryMs = 1000;

/**
 * A new owner is visible at once, and on disk within moments. The first owner of a thing stays its owner.
 *
 * Losing the file gives no caller access: a thing without a known owner is closed to all of them.
 */
export class SqliteBelongings implements Belongings {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertOwner: StatementSync;
  readonly #onFailure: (error: unknown) => void;
  /** By the thing's hash, in hex. */
  readonly #unwritten = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  /** @throws PurserError `store_unavailable`. @param onFailure Called when the file cannot be written; the write is retried. */
  constructor(directory: string, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    try {
      const file = join(directory, "belongings.db");
      this.#database = new DatabaseSync(file);
      chmodSync(file, 0o600);
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`);
      this.#find = this.#database.prepare("SELECT key_id FROM thing JOIN owner USING (owner_id) WHERE thing = unhex(?)");
      this.#insertOwner = this.#database.prepare("INSERT OR IGNORE INTO owner (key_id) VALUES (?)");
      this.#insert = this.#database.prepare("INSERT OR IGNORE INTO thing SELECT unhex(?), owner_id FROM owner WHERE key_id = ?");
    } catch (cause) {
      throw cannotOpen(directory, cause);
    }
  }

  ownerOf(provider: string, id: string): string | undefined {
    const thing = thingOf(provider, id);
    const unwritten = this.#unwritten.get(thing);
    if (unwritten !== undefined) return unwritten;
    const row = this.#find.get(thing);
    return row && String(row["key_id"]);
  }

  keep({ provider, id, owner }: Belonging): void {
    if (this.ownerOf(provider, id) !== undefined) return;
    this.#unwritten.set(thingOf(provider, id), owner);
    this.#timer ??= setTimeout(() => this.#write(), gatherMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#write();
    clearTimeout(this.#timer);
    this.#database.close();
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
      this.#timer = setTimeout(() => this.#write(), retryMs);
      this.#timer.unref();
    }
  }
}

function thingOf(provider: string, id: string): string {
  return createHash("sha256").update(`${provider}\n${id}`).digest("hex").slice(0, 32);
}
