/**
 * Picks the price sheet for an answer when the provider served another model than the one
 * requested.
 */

import type { PriceBook, PriceSheet } from "./sheet.ts";

/** A model as its provider names it. */
export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

export interface PriceQuestion extends ModelName {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The model requested by a call. */
export interface AskedModel extends PriceQuestion {
  readonly sheet: PriceSheet | undefined;
}

export function askedOf(book: PriceBook, { provider, model, at }: PriceQuestion): AskedModel {
  return { provider, model, at, sheet: book.sheet({ provider, model, at }) };
}

/**
 * Returns the served model's sheet. Providers may answer with their own aliases: if the served name
 * is unknown, or matches less closely than the requested one, the requested model's sheet is used.
 */
export function sheetOfServed(
  book: PriceBook,
  asked: AskedModel,
  served: string,
): PriceSheet | undefined {
  if (served === asked.model) return asked.sheet;
  const ofServed = book.sheet({ provider: asked.provider, model: served, at: asked.at });
  if (!ofServed) return asked.sheet;
  return asked.sheet?.match === "exact" && ofServed.match === "prefix" ? asked.sheet : ofServed;
}
