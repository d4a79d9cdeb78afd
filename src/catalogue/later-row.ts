/** Completes the rows of a model that begin later: a list without dates has no price of their time. */

import type { PicoUsd } from "../domain/money/money.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import { reduced, scale, type Ratio } from "../domain/price/row/ratio.ts";
import type { CatalogueRow, Rates, Supplement, TermPrice } from "../domain/price/row/row.ts";
import { isFactor } from "../domain/price/row/terms.ts";
import { feeMeters } from "../domain/usage/usage.ts";
import { chargesTextAlike, completedBy } from "./complete-row.ts";

/** Whether a row is that of the same model from some later time on. */
export function isLater(
  row: CatalogueRow,
  { than, at }: { readonly than: CatalogueRow; readonly at: number },
): boolean {
  return (
    row.provider === than.provider && row.model === than.model && (row.validFrom ?? -Infinity) > at
  );
}

export interface CurrentPrice {
  /** The current row of the model, completed by the other list. */
  readonly now: CatalogueRow;
  /** The row of the other list. */
  readonly other: CatalogueRow;
}

/**
 * A later row with what the other list adds to the current one. If the price of text changes then,
 * factors and fees stay. Rates per token change by the ratio by which all others do; if there is no
 * such ratio, they are left out.
 */
export function completedLater(later: CatalogueRow, { now, other }: CurrentPrice): CatalogueRow {
  if (chargesTextAlike(later, other)) return completedBy(later, other);
  const ratio = changeOf(now, later);
  const serviceTiers = { ...changedTerms(now.serviceTiers, ratio), ...later.serviceTiers };
  const regions = later.regions ?? changedRegions(now.regions, ratio);
  const supplements = (now.supplements ?? []).flatMap((one) =>
    changedSupplement(one, later, ratio),
  );
  const contextWindow = later.contextWindow ?? now.contextWindow;
  const maxOutputTokens = later.maxOutputTokens ?? now.maxOutputTokens;
  return {
    ...later,
    ids: { any: [later.ids, other.ids] },
    ...(Object.keys(serviceTiers).length > 0 && { serviceTiers }),
    ...(regions && { regions }),
    ...(supplements.length > 0 && { supplements }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  };
}

/** The ratio of all rates per token that both rows state, if it is one. */
function changeOf(now: CatalogueRow, later: CatalogueRow): Ratio | undefined {
  if (now.contextTiers || later.contextTiers) return undefined;
  const [before, after] = [now.rates.input ?? 0n, later.rates.input ?? 0n];
  if (before === 0n || after === 0n) return undefined;
  const isChanged = (meter: PricedMeter): boolean => {
    const [old, changed] = [now.rates[meter], later.rates[meter]];
    if (!countsTokens(meter) || old === undefined || changed === undefined) return true;
    return old * after === changed * before;
  };
  const isOne = (Object.keys(now.rates) as PricedMeter[]).every(isChanged);
  return isOne ? reduced({ numerator: after, denominator: before }) : undefined;
}

type Terms = Readonly<Record<string, TermPrice>>;

function changedTerms(terms: Terms = {}, ratio: Ratio | undefined): Terms {
  return Object.fromEntries(
    Object.entries(terms).flatMap(([name, term]): [string, TermPrice][] => {
      if (isFactor(term)) return [[name, term]];
      return ratio && !term.contextTiers
        ? [[name, { rates: changedRates(term.rates, ratio) }]]
        : [];
    }),
  );
}

function changedRegions(
  regions: CatalogueRow["regions"],
  ratio: Ratio | undefined,
): CatalogueRow["regions"] {
  if (regions === undefined || regions === "included") return regions;
  const changed = changedTerms(regions, ratio);
  return Object.keys(changed).length > 0 ? changed : undefined;
}

function changedSupplement(
  supplement: Supplement,
  later: CatalogueRow,
  ratio: Ratio | undefined,
): readonly Supplement[] {
  const isKept = (meter: string): boolean =>
    later.rates[meter as PricedMeter] === undefined &&
    (countsTokens(meter) ? ratio !== undefined : feeMeters.some((fee) => fee === meter));
  const kept = Object.fromEntries(
    Object.entries(supplement.rates ?? {}).filter(([meter]) => isKept(meter)),
  ) as Rates;
  const rates = ratio ? changedRates(kept, ratio) : kept;
  return Object.keys(rates).length > 0 ? [{ ...supplement, rates }] : [];
}

function changedRates(rates: Rates, ratio: Ratio): Rates {
  return Object.fromEntries(
    (Object.entries(rates) as [PricedMeter, PicoUsd][]).map(([meter, rate]) => [
      meter,
      countsTokens(meter) ? scale(rate, ratio) : rate,
    ]),
  );
}
