/** Whether the pages of a ledger's file are what SQLite wrote. */

import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../domain/error.ts";
import { damageRemedy, damageRemedyFor, ledgerFile } from "./schema.ts";

/** More findings are not listed: one damaged page mostly makes many. */
const mostFindings = 20;
/** A file of this many bytes is checked within a fraction of a second. */
export const quicklyReadBytes = 64 * 1024 * 1024;

/** `quick` leaves out whether each index has the rows of its table: a damaged page is still found. */
export type IntegrityCheck = "integrity_check" | "quick_check";

/** @returns What is wrong, in SQLite's words; nothing for a file that is whole. */
export function findDamage(database: DatabaseSync, check: IntegrityCheck): readonly string[] {
  try {
    const rows = database.prepare(`PRAGMA ${check}(${mostFindings})`).all();
    return rows.map((row) => String(row[check])).filter((finding) => finding !== "ok");
  } catch (error) {
    if (!(error instanceof Error) || damageRemedyFor(error) === undefined) throw error;
    return [error.message];
  }
}

/** @throws PurserError `store_unavailable` for a file whose pages are not what SQLite wrote. */
export function refuseDamage(database: DatabaseSync, directory: string, check: IntegrityCheck): void {
  const [finding] = findDamage(database, check);
  if (finding !== undefined) throw damagedLedger(directory, finding);
}

/** Whether the file is small enough to be checked without a noticeable delay. */
export function isQuicklyRead(directory: string): boolean {
  return statSync(ledgerFile(directory)).size <= quicklyReadBytes;
}

export function damagedLedger(directory: string, what: string, cause?: unknown): PurserError {
  const detail = { field: "data", remedy: damageRemedy, ...(cause !== undefined && { cause }) };
  return new PurserError("store_unavailable", `the ledger in ${directory} is damaged: ${what}`, detail);
}
