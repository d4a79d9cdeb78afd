/** Bounds all prices of a row without building its rate tables. */

import { feeMeters } from "../../usage/usage.ts";
import { countsTokens, type PricedMeter } from "./rate.ts";
import type { Ratio } from "./ratio.ts";
import type { CatalogueRow, Rates } from "./row.ts";
import { isFactor } from "./terms.ts";

export interface RowBound {
  /** At least the rate of any token, under any terms, at any context size. */
  readonly token: bigint;
  /** At least the fee of any tool of the provider. */
  readonly fee: bigint;
  readonly request: bigint;
}

/**
 * @returns Undefined for a row that states rates of a tier or a region: other rates follow from
 *   those in proportion.
 */
export function boundOf(row: CatalogueRow): RowBound | undefined {
  const { supplements = [], contextTiers = [], schedules = [], serviceTiers = {} } = row;
  const tiers = Object.values(serviceTiers);
  const regions = typeof row.regions === "object" ? Object.values(row.regions) : [];
  if (![...tiers, ...regions].every(isFactor)) return undefined;
  const stated = [row, ...contextTiers, ...schedules, ...supplements];
  const multiples = supplements.flatMap((one) =>
    Object.values(one.multiples ?? {}).filter((multiple) => multiple !== undefined),
  );
  const possibleFees = supplements.map(({ mayCost: rates }) => ({ rates }));
  const token = [multiples, tiers.filter(isFactor), regions.filter(isFactor)].reduce(
    (most, ratios) => atMost(most, ratios),
    dearest(stated, countsTokens),
  );
  return {
    token,
    fee: dearest([...stated, ...possibleFees], (meter) => fees.has(meter)),
    request: dearest(stated, (meter) => meter === "request"),
  };
}

const fees: ReadonlySet<PricedMeter> = new Set(feeMeters);

function dearest(
  stated: readonly { readonly rates?: Rates | undefined }[],
  isCounted: (meter: PricedMeter) => boolean,
): bigint {
  let most = 0n;
  for (const { rates = {} } of stated)
    for (const [meter, rate] of Object.entries(rates))
      if (rate !== undefined && rate > most && isCounted(meter as PricedMeter)) most = rate;
  return most;
}

/** The rate times the largest of the ratios, or as it is; one more for what is rounded up. */
function atMost(rate: bigint, ratios: readonly Ratio[]): bigint {
  let most = rate;
  for (const { numerator, denominator } of ratios) {
    const product = (rate * numerator) / denominator + 1n;
    if (product > most) most = product;
  }
  return most;
}
