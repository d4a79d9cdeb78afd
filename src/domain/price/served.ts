/**
 * Picks the price sheet for an answer when the provider served another model than the one
 * requested.
 */

import { isQualified, isSameModel } from "./id/model-id.ts";
import { isSameStatement } from "./row/row.ts";
import type { PriceBook, PriceSheet } from "./sheet.ts";
import { pricesUnit, type PricedUnit } from "./unit-price.ts";

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
  /** By which units the call may be billed instead of tokens; absent: by none. */
  readonly units?: readonly PricedUnit[] | undefined;
}

export function askedOf(
  book: PriceBook,
  { provider, model, at, units }: PriceQuestion & Pick<AskedModel, "units">,
): AskedModel {
  return { provider, model, at, units, sheet: book.sheet({ provider, model, at }) };
}

/**
 * Returns the served model's sheet, or the requested model's in these cases:
 *
 * - a user states a price for the requested id, and none for the served one
 * - the served name is the same model without a geography, `ft:` or `:free`
 * - the served name is unknown, has the same row, or matches less closely than the requested one
 * - only the requested model has a price for what the call is billed by: tokens, or a unit
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
  const { sheet } = asked;
  if (!sheet) return ofServed.foundBy("served");
  const keeps = lacksPrice(ofServed, asked, sheet) || keepsPrice(sheet, ofServed);
  return keeps ? sheet : ofServed.foundBy("served");
}

/** Whether the served model has no price for what the call is billed by, and the other one has. */
function lacksPrice(served: PriceSheet, { units, at }: AskedModel, asked: PriceSheet): boolean {
  if (!units) return asked.pricesTokens && !served.pricesTokens;
  return units.some((unit) => pricesUnit(asked, unit, at) && !pricesUnit(served, unit, at));
}

function keepsPrice(asked: PriceSheet, served: PriceSheet): boolean {
  if (asked.match === "prefix") return false;
  if (isStated(asked)) return !isStated(served) || served.match === "prefix";
  if (isQualified(asked.model) && isSameModel(asked.model, served.model)) return true;
  return asked.match === "exact" && served.match === "prefix";
}

function isStated({ row }: PriceSheet): boolean {
  return row.source === "configuration" || row.source === "api";
}
