/**
 * Locks a data folder for one process. The operating system releases the lock when the process
 * ends.
 */

import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../domain/error.ts";

export interface FolderLock {
  release(): void;
}

/**
 * @throws PurserError `store_unavailable` if another process, or another ledger in this one, has
 *   the folder open.
 */
export function lockFolder(directory: string): FolderLock {
  const file = join(directory, "lock.db");
  const isNew = !existsSync(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  // Before the lock: SQLite gives the journal next to it the same mode. We leave an existing file
  // alone, since it may belong to another user.
  if (isNew) chmodSync(file, 0o600);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new PurserError(
      "store_unavailable",
      `the data folder ${directory} is in use by another Purser`,
      {
        field: "data",
        remedy:
          "If a server is just starting there, try again in a moment. Otherwise stop it, or give each its own folder with --data.",
        cause,
      },
    );
  }
  return { release: () => database.close() };
}
