/** Prices usage that a caller reports. */

import type { PicoUsd } from "../../domain/money/money.ts";
import { billFor, type Bill } from "../../domain/price/bill.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { askedOf, sheetOfServed } from "../../domain/price/served.ts";
import { openMetersOf } from "../../domain/usage/open-meter.ts";
import { countTokens, type Usage } from "../../domain/usage/usage.ts";
import { fallbackOf, type UnpricedHold } from "./fallback.ts";
import type { PricingContext } from "./look-up-price.ts";
import type { Ledger } from "../port/ledger.ts";

export interface UsageToPrice {
  readonly hold: UnpricedHold;
  readonly usage: Usage;
  readonly serviceTier: ServiceTier;
  /** If absent, the region of the provider's calls, or else any. */
  readonly region?: string;
  /** The model that answered, if it is not the requested one. */
  readonly model: string | null;
  /** The provider's own figure. */
  readonly reportedCost: PicoUsd | null;
}

export interface PricedUsage extends Bill {
  readonly model: string;
}

/** Prices usage at the time of its hold, as the gateway does. */
export function priceUsage(
  context: PricingContext & { readonly ledger: Ledger },
  reported: UsageToPrice,
): PricedUsage {
  const { hold, usage, serviceTier, region, reportedCost } = reported;
  const { at, route } = hold;
  const model = reported.model ?? route.model;
  const book = context.prices();
  const asked = askedOf(book, {
    provider: route.provider,
    model: route.model,
    at,
    ...(countTokens(usage) === 0 && {
      units: openMetersOf(usage).map((meter) => ({ meters: [meter], family: meter })),
    }),
  });
  const sheet = sheetOfServed(book, asked, model);
  const bill = billFor({
    model,
    parts: [{ model, usage }],
    sheetOf: () => sheet,
    terms: { serviceTier, region, at },
    fallback: sheet?.pricesTokens
      ? null
      : fallbackOf(context, hold, { serviceTier, region, cacheWrite: cacheWriteOf(usage) }),
    reported: { cost: reportedCost, isBilled: context.reportsBilledCost(route.provider) },
  });
  return { model, ...bill };
}

function cacheWriteOf({ cache_write_1h = 0, cache_write_5m = 0 }: Usage): "none" | "5m" | "1h" {
  return cache_write_1h > 0 ? "1h" : cache_write_5m > 0 ? "5m" : "none";
}
