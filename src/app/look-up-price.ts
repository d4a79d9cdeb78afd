/** The price sheet of a model of a provider as it is called here. */

import type { PriceBook, PriceSheet } from "../domain/price/sheet.ts";

export interface PriceDesk {
  prices(): PriceBook;
  /** The name under which the book knows a provider: the configuration may call it otherwise. */
  priceProvider(provider: string): string;
}

export interface PriceQuestion {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @returns undefined for a model without a price. */
export function lookUpPrice(desk: PriceDesk, { provider, model, at }: PriceQuestion): PriceSheet | undefined {
  return desk.prices().sheet({ provider: desk.priceProvider(provider), model, at });
}
