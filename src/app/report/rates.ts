/** Lists the rates of a model: of every meter, service tier and size of context. */

import type { PricedMeter, Rate, ServiceTier } from "../../domain/price/row/rate.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { fixedMeters, type Usage } from "../../domain/usage/usage.ts";

export interface ListedRate {
  readonly meter: PricedMeter;
  /** Another meter's rate if the model has none of its own for this one. */
  readonly rate: Rate;
}

const serviceTiers: readonly ServiceTier[] = ["standard", "batch", "flex", "priority", "fast"];

/**
 * A sheet only prices usage, so this prices one unit of each meter, on each tier and from each
 * threshold of context on. The same rate may be listed more than once.
 *
 * @param at Milliseconds since the epoch.
 */
export function ratesOf(sheet: PriceSheet, at: number): readonly ListedRate[] {
  const edges = (sheet.row.contextTiers ?? []).map(({ tokens, inclusive }) =>
    inclusive ? tokens : tokens + 1,
  );
  const contexts = [1, ...edges];
  return serviceTiers.flatMap((serviceTier) =>
    contexts.flatMap((context) =>
      [...fixedMeters, "reasoning" as const, ...sheet.openMeters].flatMap((meter) => {
        const usage = { input: context, ...(meter !== "input" && countOf(meter)) };
        const rate = sheet
          .charge({ model: sheet.model, usage }, { serviceTier, at })
          .find((line) => line.meter === meter)?.rate;
        return rate?.serviceTier === serviceTier ? [{ meter, rate }] : [];
      }),
    ),
  );
}

function countOf(meter: PricedMeter): Usage {
  return meter === "reasoning" ? { output: 1, reasoning: 1 } : { [meter]: 1 };
}
