/** `manifest.json` marks a data folder as used, so a lost ledger is not mistaken for a new one. */

import { closeSync, existsSync, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { PurserError } from "../../domain/error.ts";
import { ledgerFile, versionOf } from "./schema.ts";

/**
 * Call this before creating anything in the folder.
 *
 * @throws PurserError `store_unavailable` if the folder's ledger is missing or empty.
 */
export function refuseLostLedger(directory: string): void {
  if (!existsSync(manifestFile(directory))) return;
  const size = statSync(ledgerFile(directory), { throwIfNoEntry: false })?.size ?? null;
  if (size === null) throw lostLedger(directory, "is missing");
  if (size === 0) throw lostLedger(directory, "is empty");
  if (versionOf(directory) === 0) throw lostLedger(directory, "has no tables");
}

function lostLedger(directory: string, what: string): PurserError {
  return new PurserError(
    "store_unavailable",
    `${ledgerFile(directory)} ${what}, although a ledger was made in this folder`,
    {
      field: "data",
      remedy:
        "Restore the folder from the last backup that verifies. To start over, with nothing spent and no keys, choose another folder with --data.",
    },
  );
}

/**
 * Called once the ledger is on disk; a ledger from an older version is marked when it is opened.
 */
export function writeManifest(directory: string): void {
  if (existsSync(manifestFile(directory))) return;
  const file = openSync(manifestFile(directory), "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify({ ledger: "ledger.db" })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function manifestFile(directory: string): string {
  return join(directory, "manifest.json");
}
