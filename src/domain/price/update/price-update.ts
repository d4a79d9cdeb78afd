/** A refresh of the price book from a published list, kept in the ledger as one entry. */

import type { CatalogueRow } from "../row/row.ts";
import { parseRow, type PriceText } from "../text/row-text.ts";

export interface PriceUpdate {
  readonly updateId: string;
  /** Such as `litellm`. Every charge at one of these prices names it, with the version. */
  readonly source: string;
  readonly version: string;
  /** SHA-256 of the list's text, in hex. */
  readonly sha256: string;
  /** Where the text came from, for people: a name, an address, or `file`. */
  readonly from: string;
  /**
   * The prices that differed from the book, each whole. Valid from the moment of the update, or
   * later. Empty if the list agreed with the book.
   */
  readonly rows: readonly PriceText[];
  /** Its list has few of the book's models: the others are as old as before. */
  readonly partial?: true;
}

/** An update as the ledger has it. */
export interface KeptPriceUpdate extends PriceUpdate {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** When it was reverted: its prices end then. Null if it was not. */
  readonly revertedAt: number | null;
}

/**
 * Names what the updates make of the prices: another update, or one that is reverted, changes it.
 * Null before the first one.
 */
export function stateOf(updates: readonly KeptPriceUpdate[]): string | null {
  const last = updates.at(-1);
  const reverted = updates.filter(({ revertedAt }) => revertedAt !== null).length;
  return last ? `${last.updateId}, ${reverted} reverted` : null;
}

/** When the updates last changed the prices, in milliseconds since the epoch. */
export function lastChangeOf(updates: readonly KeptPriceUpdate[]): number {
  return updates.reduce(
    (last, { at, revertedAt }) => Math.max(last, at, revertedAt ?? at),
    -Infinity,
  );
}

/**
 * The rows of all updates, the newest first. Those of a reverted update end when it was reverted,
 * so calls that began before keep their price.
 */
export function updatedRows(updates: readonly KeptPriceUpdate[]): readonly CatalogueRow[] {
  return updates
    .toReversed()
    .flatMap(({ source, version, rows, revertedAt }) =>
      rows
        .map((text) => rowOfText(text, { source, version }))
        .flatMap((row) => (revertedAt === null ? [row] : endedAt(row, revertedAt))),
    );
}

/** Prices that begin later keep their time; those that have ended are left out. */
export function beginningAt(text: PriceText, at: number): readonly PriceText[] {
  const { valid_from: from, valid_to: to } = text;
  if (to !== undefined && Date.parse(to) <= at) return [];
  if (from !== undefined && Date.parse(from) > at) return [text];
  const begun = { ...text, valid_from: new Date(at).toISOString() };
  const row = parsed.get(text);
  if (row) parsed.set(begun, { ...row, validFrom: at });
  return [begun];
}

/** A list may have thousands of prices, which would delay calls if they were parsed at once. */
const parsed = new WeakMap<PriceText, CatalogueRow>();

/** Parses a price of an update, once. */
export function rowOfText(
  text: PriceText,
  { source, version }: Pick<PriceUpdate, "source" | "version">,
): CatalogueRow {
  let row = parsed.get(text);
  if (!row) parsed.set(text, (row = parseRow(text, { field: "", source, version })));
  return row;
}

/** @returns Nothing for a row that would have begun later. */
function endedAt(row: CatalogueRow, end: number): readonly CatalogueRow[] {
  if ((row.validFrom ?? -Infinity) >= end) return [];
  return [{ ...row, validTo: Math.min(row.validTo ?? Infinity, end) }];
}
