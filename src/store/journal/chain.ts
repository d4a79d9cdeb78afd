/**
 * The audit chain: each entry's hash covers the previous hash, the entry, and the names it was
 * first to use.
 */

import { hash } from "node:crypto";

/** A row of `entry` as it is hashed and stored. Absent columns are null. */
export interface JournalRow {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: number;
  /** The `seq` of the hold that the entry is about; null for a hold itself. */
  readonly call: number | null;
  /** Of holds and refusals. */
  readonly operationId: string | null;
  /** Of holds. */
  readonly attempt: number | null;
  readonly attributionId: number | null;
  readonly routeId: number | null;
  /** Pico-USD in decimal: held by a hold or top-up, charged by an outcome. */
  readonly amount: string;
  /** Compact JSON: the other fields of the kind. */
  readonly body: string;
}

/** A definition as it is hashed, with the first entry that used it. */
export interface Definition {
  readonly id: number;
  readonly kind: number;
  readonly text: string;
}

/** The previous hash of the first entry. */
export const genesis = "0".repeat(64);

/**
 * SHA-256 over the previous hash (64 hex digits), the definitions and the row, as UTF-8 text. Free
 * text is prefixed with its length, so no two rows give the same text.
 */
export function chainHash(
  previous: string,
  row: JournalRow,
  definitions: readonly Definition[],
): string {
  let text = previous;
  for (const { id, kind, text: defined } of definitions)
    text += `\n${id} ${kind} ${defined.length} ${defined}`;
  const { operationId } = row;
  text += `\n${row.seq} ${row.at} ${row.kind} ${row.call} ${row.attempt} ${row.attributionId} ${row.routeId} ${row.amount}`;
  text += ` ${operationId === null ? -1 : operationId.length} ${operationId ?? ""} ${row.body}`;
  return hash("sha256", text, "hex");
}
