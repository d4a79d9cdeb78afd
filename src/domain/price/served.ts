/**
 * Picks the price sheet for an answer when the provider served another model than the one
 * requested.
 */

import { spellingsOf } from "./model-id.ts";
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
 * A price that a user states for a model is that of its snapshots too, by which providers answer.
 */
export function sheetOfServed(
  book: PriceBook,
  asked: AskedModel,
  served: string,
): PriceSheet | undefined {
  if (served === asked.model) return asked.sheet;
  if (asked.sheet && isStated(asked.sheet) && names(served, asked.model)) return asked.sheet;
  const ofServed = book.sheet({ provider: asked.provider, model: served, at: asked.at });
  if (!ofServed || ofServed.row === asked.sheet?.row) return asked.sheet;
  if (asked.sheet?.match === "exact" && ofServed.match === "prefix") return asked.sheet;
  return ofServed.foundBy("served");
}

function isStated({ row }: PriceSheet): boolean {
  return row.source === "configuration" || row.source === "api";
}

function names(id: string, model: string): boolean {
  const name = model.toLowerCase();
  return spellingsOf(id).some((spelling) => spelling.name === name && spelling.naming !== "prefix");
}
