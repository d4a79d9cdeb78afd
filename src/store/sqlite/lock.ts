/** One process owns a data folder: a lock of the operating system, which ends with the process however it ends. */

import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../domain/error.ts";

export interface FolderLock {
  release(): void;
}

/** @throws PurserError `store_unavailable` when another process, or another ledger of this one, has the folder open. */
export function lockFolder(directory: string): FolderLock {
  const file = join(directory, "lock.db");
  const isNew = !existsSync(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  // Before the lock: SQLite gives the journal beside it the same mode. One that is there may be another user's, and says nothing.
  if (isNew) chmodSync(file, 0o600);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new PurserError("store_unavailable", `the data folder ${directory} is in use by another Purser`, {
      field: "data",
      remedy: "If it is a server that is just starting, try again in a moment. Otherwise stop it, or give each its own folder with --data.",
      cause,
    });
  }
  return { release: () => database.close() };
}
