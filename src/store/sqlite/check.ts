/** Checks whether a ledger can be opened, without changing it. */

import { existsSync } from "node:fs";
import { refuseDamage } from "./integrity.ts";
import { refuseLostLedger } from "./manifest.ts";
import { cannotOpen, knownVersion, ledgerFile, openForReading, schemaVersion } from "./schema.ts";
import { refuseDamagedLog } from "./write-ahead-log.ts";
import { readStaged } from "./write/staged.ts";

/**
 * Checks the version of the file, all its pages and its staged batches. Whether the figures follow
 * from the journal is left to a verification. Changes nothing.
 *
 * @param options.isHeld Whether a process is writing there: its log is then changing and is not
 *   checked.
 * @throws PurserError `store_unavailable` as opening the ledger would.
 */
export function checkLedgerFile(directory: string, { isHeld }: { readonly isHeld: boolean }): void {
  if (!isHeld) refuseDamagedLog(directory);
  refuseLostLedger(directory);
  if (!existsSync(ledgerFile(directory))) return;
  try {
    const database = openForReading(directory);
    try {
      // One snapshot: a running server may book batches meanwhile.
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
