/** Completes a row of one price list by that of another list for the same model. */

import type { PicoUsd } from "../domain/money/money.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import type { CatalogueRow, Rates, Supplement } from "../domain/price/row/row.ts";
import { isFactor } from "../domain/price/row/terms.ts";
import { isOpenMeter } from "../domain/usage/open-meter.ts";
import { simplerTerm } from "./source/term.ts";

/** Whether both charge the same for text, which every list states. */
export function chargesTextAlike(left: CatalogueRow, right: CatalogueRow): boolean {
  return (
    (["input", "output"] as const).every((meter) => {
      const [one, other] = [left.rates[meter], right.rates[meter]];
      return one === undefined || other === undefined || one === other;
    }) && tiersThatChange(left) === tiersThatChange(right)
  );
}

/** The number of context tiers with another rate than the row's. */
function tiersThatChange({ rates, contextTiers = [] }: CatalogueRow): number {
  return contextTiers.filter((tier) =>
    (Object.entries(tier.rates) as [PricedMeter, PicoUsd][]).some(
      ([meter, rate]) => rates[meter] !== rate,
    ),
  ).length;
}

/** The row with what it lacks and the other has, at the same price of text. */
export function completedBy(row: CatalogueRow, other: CatalogueRow): CatalogueRow {
  const supplement = missingRates(row, other);
  const whole = { ...row, rates: { ...row.rates, ...supplement?.rates } };
  const added = Object.entries(other.serviceTiers ?? {}).map(
    ([tier, term]) => [tier, isFactor(term) ? term : simplerTerm(whole, term)] as const,
  );
  const serviceTiers = { ...Object.fromEntries(added), ...row.serviceTiers };
  const contextWindow = row.contextWindow ?? other.contextWindow;
  const maxOutputTokens = row.maxOutputTokens ?? other.maxOutputTokens;
  const regions = row.regions ?? other.regions;
  return {
    ...row,
    ids: { any: [row.ids, other.ids] },
    ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
    ...(regions && { regions }),
    ...(supplement && { supplements: [...(row.supplements ?? []), supplement] }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

/**
 * Token meters are not added to a row with context tiers, since a supplement has one price at every
 * size; nor units such as images to a row that is billed by tokens.
 */
function missingRates(row: CatalogueRow, other: CatalogueRow): Supplement | undefined {
  const known: Rates = { ...row.rates, ...row.supplements?.[0]?.rates };
  const hasTiers = (row.contextTiers?.length ?? 0) > 0;
  const isByToken = (row.rates.input ?? 0n) > 0n;
  const rates = Object.fromEntries(
    (Object.entries(other.rates) as [PricedMeter, PicoUsd][]).filter(
      ([meter]) =>
        known[meter] === undefined &&
        !(hasTiers && countsTokens(meter)) &&
        !(isByToken && isOpenMeter(meter)),
    ),
  ) as Rates;
  return Object.keys(rates).length === 0
    ? undefined
    : { rates, source: other.source, version: other.version };
}
