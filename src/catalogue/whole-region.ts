/** The prices of long contexts in regions for which a list states those of short ones only. */

import type { PricedMeter } from "../domain/price/row/rate.ts";
import { scale } from "../domain/price/row/ratio.ts";
import type { CatalogueRow, Rates, TermPrice } from "../domain/price/row/row.ts";
import { isFactor } from "../domain/price/row/terms.ts";

/**
 * A region whose rates have no context tiers gets those of the row, in the proportion of its rates to
 * the row's: a long context does not cost less in a dearer region.
 */
export function withWholeRegions(row: CatalogueRow): CatalogueRow {
  const { regions, contextTiers } = row;
  if (!contextTiers || regions === undefined || regions === "included") return row;
  return {
    ...row,
    regions: Object.fromEntries(
      Object.entries(regions).map(([name, term]) => [name, wholeTerm(row, term)]),
    ),
  };
}

function wholeTerm({ rates, contextTiers = [] }: CatalogueRow, term: TermPrice): TermPrice {
  if (isFactor(term) || term.contextTiers) return term;
  const inRegion = (standard: Rates): Rates =>
    Object.fromEntries(
      (Object.keys(standard) as PricedMeter[]).flatMap((meter) => {
        const [rate, base, own] = [standard[meter], rates[meter], term.rates[meter]];
        if (rate === undefined || own === undefined || !base) return [];
        return [[meter, scale(rate, { numerator: own, denominator: base })]];
      }),
    );
  return {
    ...term,
    contextTiers: contextTiers.map((tier) => ({ ...tier, rates: inRegion(tier.rates) })),
  };
}
