/** Checks a ledger file's pages for damage with SQLite's own integrity check. */

import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { PurserError } from "../../domain/error.ts";
import { damageRemedy, damageRemedyFor, ledgerFile } from "./schema.ts";

/** Further findings are not listed: one damaged page usually causes many. */
const mostFindings = 20;
/** A file up to this size, in bytes, is checked in a fraction of a second. */
export const quicklyReadBytes = 64 * 1024 * 1024;

/** `quick_check` does not compare indexes with their tables; it still finds a damaged page. */
export type IntegrityCheck = "integrity_check" | "quick_check";

/** @returns The damage in SQLite's words; empty if the file is intact. */
export function findDamage(database: DatabaseSync, check: IntegrityCheck): readonly string[] {
  try {
    const rows = database.prepare(`PRAGMA ${check}(${mostFindings})`).all();
    return rows.map((row) => String(row[check])).filter((finding) => finding !== "ok");
  } catch (error) {
    if (!(error instanceof Error) || damageRemedyFor(error) === undefined) throw error;
    return [error.message];
  }
}

/** @throws PurserError `store_unavailable` if the file is damaged. */
export function refuseDamage(
  database: DatabaseSync,
  directory: string,
  check: IntegrityCheck,
): void {
  const [finding] = findDamage(database, check);
  if (finding !== undefined) throw damagedLedger(directory, finding);
}

/** Whether the file is small enough to be checked without a noticeable delay. */
export function isQuicklyRead(directory: string): boolean {
  return statSync(ledgerFile(directory)).size <= quicklyReadBytes;
}

export function damagedLedger(directory: string, what: string, cause?: unknown): PurserError {
  const detail = { field: "data", remedy: damageRemedy, ...(cause !== undefined && { cause }) };
  return new PurserError(
    "store_unavailable",
    `the ledger in ${directory} is damaged: ${what}`,
    detail,
  );
}
