/** Sees whether a ledger can be opened, without opening it for good. */

import { existsSync } from "node:fs";
import { refuseDamage } from "./integrity.ts";
import { refuseLostLedger } from "./manifest.ts";
import { cannotOpen, knownVersion, ledgerFile, openForReading, schemaVersion } from "./schema.ts";
import { refuseDamagedLog } from "./write-ahead-log.ts";
import { readStaged } from "./write/staged.ts";

/**
 * Looks at the version of the file, at all its pages and at what is staged in it; whether the figures follow from the journal is for a
 * verification to say. Changes nothing.
 *
 * @param options.isHeld Whether a process writes there: its log is then in motion, and left to it.
 * @throws PurserError `store_unavailable` as opening the ledger would.
 */
export function checkLedgerFile(directory: string, { isHeld }: { readonly isHeld: boolean }): void {
  if (!isHeld) refuseDamagedLog(directory);
  refuseLostLedger(directory);
  if (!existsSync(ledgerFile(directory))) return;
  try {
    const database = openForReading(directory);
    try {
      // From one moment: a server that runs on the folder books meanwhile.
      database.exec("BEGIN");
      const version = knownVersion(database, directory);
      refuseDamage(database, directory, "integrity_check");
      if (version === schemaVersion) readStaged(database);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw cannotOpen(directory, cause);
  }
}
