/**
 * Holds the price book for calls: the catalogue, refreshed by updates, and overridden by prices
 * from the configuration and the API.
 */

import { overridesOf, type KeptPrice } from "../../domain/price/text/kept-price.ts";
import type { PriceOverride } from "../../domain/price/text/override.ts";
import { updatedRows, type KeptPriceUpdate } from "../../domain/price/update/price-update.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";

/** Prices of updates, as the catalogue takes them. */
export interface UpdatedPrices {
  /** The newest first. */
  readonly rows: readonly CatalogueRow[];
  /** Null if there was no update. */
  readonly version: string | null;
}

export class CurrentPrices {
  readonly #make: CurrentPricesOptions["make"];
  readonly #declared: readonly PriceOverride[];
  readonly #kept: CurrentPricesOptions["kept"];
  #updated: UpdatedPrices = { rows: [], version: null };
  #unreverted: readonly CatalogueRow[] = [];
  /** What the book was made of. Copies: the ledger may change its own lists. */
  #seen: Kept = { overrides: [], updates: [] };
  #book: PriceBook;

  constructor({ make, declared, kept }: CurrentPricesOptions) {
    this.#make = make;
    this.#declared = declared;
    this.#kept = kept;
    this.#book = this.#read();
  }

  get book(): PriceBook {
    return this.#book;
  }

  /** The rows of all updates that were not reverted, the newest first: the models they add. */
  get updated(): readonly CatalogueRow[] {
    return this.#unreverted;
  }

  /** The book without the prices that users set: what a published list is compared with. */
  listed(): PriceBook {
    return this.#make([], this.#updated);
  }

  /** The book as it would be with further rows of an update. */
  with(rows: readonly CatalogueRow[]): PriceBook {
    const updated = { rows: [...rows, ...this.#updated.rows], version: "checked" };
    return this.#make(this.#overrides(), updated);
  }

  /**
   * Call after the ledger got a price or an update, or may have lost one. Makes a new book only if
   * they changed.
   */
  reload(): void {
    const { overrides, updates } = this.#kept();
    if (isSame(overrides, this.#seen.overrides) && isSame(updates, this.#seen.updates)) return;
    this.#book = this.#read();
  }

  #read(): PriceBook {
    const { overrides, updates } = this.#kept();
    this.#seen = { overrides: [...overrides], updates: [...updates] };
    this.#updated = { rows: updatedRows(updates), version: versionOf(updates) };
    this.#unreverted = updatedRows(updates.filter(({ revertedAt }) => revertedAt === null));
    return this.#make(this.#overrides(), this.#updated);
  }

  #overrides(): readonly PriceOverride[] {
    return [...this.#declared, ...overridesOf(this.#kept().overrides)];
  }
}

export interface CurrentPricesOptions {
  readonly make: (overrides: readonly PriceOverride[], updated: UpdatedPrices) => PriceBook;
  /** From the configuration. */
  readonly declared: readonly PriceOverride[];
  /** What the ledger has. Its overrides take precedence, the later ones over the earlier. */
  readonly kept: () => Kept;
}

interface Kept {
  readonly overrides: readonly KeptPrice[];
  readonly updates: readonly KeptPriceUpdate[];
}

/** A price or an update that changes is another object. */
function isSame<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

/** Changes with every update and every revert. */
function versionOf(updates: readonly KeptPriceUpdate[]): string | null {
  const last = updates.at(-1);
  if (!last) return null;
  const reverted = updates.filter(({ revertedAt }) => revertedAt !== null).length;
  return `update@${last.updateId}${reverted === 0 ? "" : `-${reverted}`}`;
}
