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

/**
 * The sheet that a charge is made by. The model served decides. Where the book does not know it, or knows it only by a shorter
 * name than the model asked for, the model asked for does: providers answer with aliases of their own.
 */
export function sheetOfServed(
  book: PriceBook,
  { provider, asked, served, at }: { readonly provider: string; readonly asked: string; readonly served: string; readonly at: number },
): PriceSheet | undefined {
  const ofAsked = book.sheet({ provider, model: asked, at });
  if (served === asked) return ofAsked;
  const ofServed = book.sheet({ provider, model: served, at });
  if (!ofServed) return ofAsked;
  return ofAsked?.match === "exact" && ofServed.match === "prefix" ? ofAsked : ofServed;
}
