/**
 * Holds the price book for calls: the catalogue, overridden by prices from the configuration and
 * the API.
 */

import type { PriceOverride } from "../../domain/price/override.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";

export class CurrentPrices {
  readonly #make: (overrides: readonly PriceOverride[]) => PriceBook;
  readonly #declared: readonly PriceOverride[];
  readonly #kept: () => readonly PriceOverride[];
  #book: PriceBook;

  /**
   * @param options.kept Prices in the ledger. Later ones take precedence, also over declared ones.
   */
  constructor(options: {
    readonly make: (overrides: readonly PriceOverride[]) => PriceBook;
    readonly declared: readonly PriceOverride[];
    readonly kept: () => readonly PriceOverride[];
  }) {
    this.#make = options.make;
    this.#declared = options.declared;
    this.#kept = options.kept;
    this.#book = this.#read();
  }

  get book(): PriceBook {
    return this.#book;
  }

  reload(): void {
    this.#book = this.#read();
  }

  #read(): PriceBook {
    return this.#make([...this.#declared, ...this.#kept()]);
  }
}
