/** SQL conditions for groups of kinds, spelled as in the indexes. */

import { kinds } from "../../journal/kind.ts";

/**
 * The SQL condition for entries that end a call or replace its end. SQLite uses the index only if
 * queries and index spell it the same.
 */
export function outcomeRows(column: string): string {
  return `${column} BETWEEN ${kinds.settled} AND ${kinds.corrected_unresolved}`;
}

/**
 * The SQL condition for entries outside the normal course of a call, except refusals: few rows,
 * with their own index.
 */
export function otherRows(column: string): string {
  return `${column} > ${kinds.settled} AND ${column} <> ${kinds.refusal}`;
}
