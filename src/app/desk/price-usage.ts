/** Prices usage that a caller reports. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { dearestFallback } from "../../domain/budget/unpriced.ts";
import { selectBudgets } from "../../domain/ledger/applicable.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { billFor, type Bill } from "../../domain/price/bill.ts";
import type { FallbackRates, ServiceTier } from "../../domain/price/rate.ts";
import { askedOf, sheetOfServed } from "../../domain/price/served.ts";
import type { Usage } from "../../domain/usage/usage.ts";
import type { PricingContext } from "./look-up-price.ts";
import type { Ledger } from "../port/ledger.ts";

export interface UsageToPrice {
  readonly hold: {
    readonly at: number;
    readonly route: CallRoute;
    readonly attribution: Attribution;
  };
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
  const asked = askedOf(book, { provider: route.provider, model: route.model, at });
  const sheet = sheetOfServed(book, asked, model);
  const bill = billFor({
    model,
    parts: [{ model, usage }],
    sheetOf: () => sheet,
    terms: { serviceTier, region, at },
    fallback: sheet ? null : fallbackOf(context.ledger, hold),
    reported: { cost: reportedCost, isBilled: context.reportsBilledCost(route.provider) },
  });
  return { model, ...bill };
}

function fallbackOf(
  ledger: Ledger,
  { route, attribution }: UsageToPrice["hold"],
): FallbackRates | null {
  const key = ledger.keys().find(({ keyId }) => keyId === route.keyId);
  const budgets = new Map(ledger.budgets().map((budget) => [budget.budgetId, budget]));
  const subject = { attribution, route, budgets: key?.budgets ?? [] };
  return dearestFallback(selectBudgets(budgets, subject));
}
