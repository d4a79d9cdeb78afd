/**
 * Picks the price sheet for an answer when the provider served another model than the one
 * requested.
 */

import { isQualified, isSameModel } from "./id/model-id.ts";
import { isSameStatement } from "./row/row.ts";
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
  /** Whether the call may be billed by a unit instead of tokens; absent: it is not. */
  readonly byUnit?: boolean;
}

export function askedOf(
  book: PriceBook,
  { provider, model, at, byUnit = false }: PriceQuestion & Pick<AskedModel, "byUnit">,
): AskedModel {
  return { provider, model, at, byUnit, sheet: book.sheet({ provider, model, at }) };
}

/**
 * Returns the served model's sheet, or the requested model's in these cases:
 *
 * - a user states a price for the requested id, and none for the served one
 * - the served name is the same model without a geography, `ft:` or `:free`
 * - the served name is unknown, has the same row, or matches less closely than the requested one
 * - the call is billed by tokens, and only the requested model has a price for them
 */
export function sheetOfServed(
  book: PriceBook,
  asked: AskedModel,
  served: string,
): PriceSheet | undefined {
  if (served === asked.model) return asked.sheet;
  const ofServed = book.sheet({ provider: asked.provider, model: served, at: asked.at });
  if (!ofServed || (asked.sheet && isSameStatement(ofServed.row, asked.sheet.row)))
    return asked.sheet;
  const { sheet, byUnit = false } = asked;
  return sheet && keepsPrice({ sheet, byUnit }, ofServed) ? sheet : ofServed.foundBy("served");
}

function keepsPrice(
  { sheet: asked, byUnit }: { readonly sheet: PriceSheet; readonly byUnit: boolean },
  served: PriceSheet,
): boolean {
  if (!byUnit && asked.pricesTokens && !served.pricesTokens) return true;
  if (asked.match === "prefix") return false;
  if (isStated(asked)) return !isStated(served) || served.match === "prefix";
  if (isQualified(asked.model) && isSameModel(asked.model, served.model)) return true;
  return asked.match === "exact" && served.match === "prefix";
}

function isStated({ row }: PriceSheet): boolean {
  return row.source === "configuration" || row.source === "api";
}
