/** One row of two lists that disagree, where nothing decides which is right: the dearer of both. */

import type { PicoUsd } from "../domain/money/money.ts";
import type { PricedMeter } from "../domain/price/row/rate.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import { chargesTextAlike, completedBy } from "./complete-row.ts";

/**
 * A hard budget must not be overspent if the dearer list is right. Each rate is the higher one;
 * context tiers and regions that only one list has apply.
 */
export function dearerOf(row: CatalogueRow, other: CatalogueRow): CatalogueRow {
  const rates = Object.entries(row.rates) as [PricedMeter, PicoUsd][];
  const isDearer = rates.some(([meter, rate]) => (other.rates[meter] ?? rate) > rate);
  const contextTiers = row.contextTiers ?? other.contextTiers;
  const regions = row.regions ?? other.regions;
  const dearer: CatalogueRow = {
    ...row,
    rates: Object.fromEntries(
      rates.map(([meter, rate]) => [meter, higher(rate, other.rates[meter])]),
    ),
    ...(contextTiers && { contextTiers }),
    ...(regions && { regions }),
    ...(isDearer && { source: other.source, version: other.version }),
  };
  return chargesTextAlike(dearer, other) ? completedBy(dearer, other) : dearer;
}

function higher(rate: PicoUsd, other: PicoUsd = rate): PicoUsd {
  return other > rate ? other : rate;
}
