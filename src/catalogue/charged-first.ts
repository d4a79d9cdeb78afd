/** Lists each disputed price once, with what is charged first. */

import { formatUsd, multiply } from "../domain/money/money.ts";
import {
  countsTokens,
  unpricedSource,
  type Rate,
  type ServiceTier,
} from "../domain/price/row/rate.ts";
import { nextScheduleEdge, scheduledRates } from "../domain/price/row/schedule.ts";
import type { PriceBook, PriceSheet } from "../domain/price/sheet.ts";
import type { Usage } from "../domain/usage/usage.ts";
import type { Disagreement, StatedPrice } from "./merge.ts";

/**
 * Two comparisons may find the same price: they become one, with every figure. The charged figure
 * comes first: a list that usually comes later may be right for one model, the overlay may price
 * another name of it, and a user may state a price.
 *
 * @param at Milliseconds since the epoch.
 */
export function chargedFirst(
  found: readonly Disagreement[],
  book: PriceBook,
  at: number,
): readonly Disagreement[] {
  const byPrice = Map.groupBy(found, ({ provider, model, price }) =>
    [provider, model, price].join(" "),
  );
  return [...byPrice.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const stated = distinct(same.flatMap((one) => one.stated));
    const charged = chargedFigure(first, book, at);
    return [{ ...first, stated: charged ? distinct([charged, ...stated]) : stated }];
  });
}

function distinct(stated: readonly StatedPrice[]): readonly StatedPrice[] {
  return [...new Map(stated.map((one) => [`${one.source} ${one.usd}`, one])).values()];
}

/** Undefined for a model without a price. */
function chargedFigure(
  { provider, model, price }: Disagreement,
  book: PriceBook,
  at: number,
): StatedPrice | undefined {
  const [, tier = "standard", meter = "", above = "0"] =
    /^(?:([a-z]+) )?(\S+)(?: above (\d+))?$/.exec(price) ?? [];
  const sheet = book.sheet({ provider, model, at });
  const rate = sheet
    ?.charge(
      { model: null, usage: usageOf(meter, Number(above)) },
      { serviceTier: tier as ServiceTier, at: usualHour(sheet, at) },
    )
    .find((line) => line.meter === meter)?.rate;
  return rate && rate.source !== unpricedSource ? figureOf(meter, rate) : undefined;
}

/** Lists state what is charged at most hours, not at those with other rates. */
function usualHour({ row: { schedules = [] } }: PriceSheet, at: number): number {
  return scheduledRates(schedules, at) ? nextScheduleEdge(schedules, at) : at;
}

/** One unit, in a context of more than a number of tokens. */
function usageOf(meter: string, context: number): Usage {
  const usage: Usage = meter === "reasoning" ? { output: 1, reasoning: 1 } : { [meter]: 1 };
  const other = meter === "input" ? "cache_read" : "input";
  return context === 0 ? usage : { ...usage, [other]: context + 1 };
}

function figureOf(meter: string, { source, version, perUnit }: Rate): StatedPrice {
  const usd = formatUsd(countsTokens(meter) ? multiply(perUnit, 1_000_000) : perUnit);
  return { source, version, usd };
}
