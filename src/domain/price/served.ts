/** Which price sheet a part of an answer is charged by, where the model that served it is not the one that was asked for. */

import type { PriceBook, PriceSheet } from "./sheet.ts";

export interface PriceQuestion {
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The model that a call asked for. */
export interface AskedModel extends PriceQuestion {
  readonly sheet: PriceSheet | undefined;
}

export function askedOf(book: PriceBook, { provider, model, at }: PriceQuestion): AskedModel {
  return { provider, model, at, sheet: book.sheet({ provider, model, at }) };
}

/**
 * The served model's sheet. Providers answer with aliases of their own: where the book does not know the served name, or knows it only
 * by a shorter name than the one asked for, the sheet is that of the model asked for.
 */
export function sheetOfServed(book: PriceBook, asked: AskedModel, served: string): PriceSheet | undefined {
  if (served === asked.model) return asked.sheet;
  const ofServed = book.sheet({ provider: asked.provider, model: served, at: asked.at });
  if (!ofServed) return asked.sheet;
  return asked.sheet?.match === "exact" && ofServed.match === "prefix" ? asked.sheet : ofServed;
}
