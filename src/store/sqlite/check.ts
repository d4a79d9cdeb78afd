/** Sees whether a ledger can be opened, without opening it for good. */

import { existsSync } from "node:fs";
import { cannotOpen, knownVersion, ledgerFile, openForReading, schemaVersion } from "./schema.ts";
import { readStaged } from "./write/staged.ts";

/**
 * Looks at the version of the file and at what is staged in it; whether all the rest follows from the journal is for a verification
 * to say. Changes nothing.
 *
 * @throws PurserError `store_unavailable` as opening the ledger would.
 */
export function checkLedgerFile(directory: string): void {
  if (!existsSync(ledgerFile(directory))) return;
  try {
    const database = openForReading(directory);
    try {
      // From one moment: a server that runs on the folder books meanwhile.
      database.exec("BEGIN");
      if (knownVersion(database, directory) === schemaVersion) readStaged(database);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw cannotOpen(directory, cause);
  }
}
