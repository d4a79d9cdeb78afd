/** The bill for counts that a caller reports itself. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { dearestFallback } from "../../domain/budget/unpriced.ts";
import { selectBudgets } from "../../domain/ledger/applicable.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { billFor, type Bill } from "../../domain/price/bill.ts";
import type { FallbackRates, ServiceTier } from "../../domain/price/rate.ts";
import { askedOf, sheetOfServed } from "../../domain/price/served.ts";
import type { Usage } from "../../domain/usage/usage.ts";
import type { PriceDesk } from "./look-up-price.ts";
import type { Ledger } from "../port/ledger.ts";

export interface ReportedUsage {
  readonly hold: {
    readonly at: number;
    readonly route: CallRoute;
    readonly attribution: Attribution;
  };
  readonly usage: Usage;
  readonly serviceTier: ServiceTier;
  /** Absent: where the provider's calls go, else anywhere. */
  readonly region?: string;
  /** The model served, when it is not the one asked for. */
  readonly model: string | null;
  /** The provider's own figure. */
  readonly reportedCost: PicoUsd | null;
}

export interface ChargedUsage extends Bill {
  readonly model: string;
}

/** Prices usage as of the moment of its hold, as the gateway does. */
export function chargeUsage(
  desk: PriceDesk & { readonly ledger: Ledger },
  reported: ReportedUsage,
): ChargedUsage {
  const { hold, usage, serviceTier, region, reportedCost } = reported;
  const { at, route } = hold;
  const model = reported.model ?? route.model;
  const book = desk.prices();
  const asked = askedOf(book, { provider: route.provider, model: route.model, at });
  const sheet = sheetOfServed(book, asked, model);
  const bill = billFor({
    model,
    parts: [{ model, usage }],
    sheetOf: () => sheet,
    terms: { serviceTier, region, at },
    fallback: sheet ? null : fallbackOf(desk.ledger, hold),
    reported: { cost: reportedCost, isBilled: desk.reportsBilledCost(route.provider) },
  });
  return { model, ...bill };
}

function fallbackOf(
  ledger: Ledger,
  { route, attribution }: ReportedUsage["hold"],
): FallbackRates | null {
  const key = ledger.keys().find(({ keyId }) => keyId === route.keyId);
  const budgets = new Map(ledger.budgets().map((budget) => [budget.budgetId, budget]));
  const subject = { attribution, route, budgets: key?.budgets ?? [] };
  return dearestFallback(selectBudgets(budgets, subject));
}
