/** Finds the rates at which a hold over the API was made for a model without a price. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { dearestFallback, fallbackFor } from "../../domain/budget/unpriced.ts";
import { selectBudgets } from "../../domain/ledger/applicable.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import type { FallbackRates } from "../../domain/price/row/rate.ts";
import type { CeilingQuery } from "../../domain/price/sheet.ts";
import type { Ledger } from "../port/ledger.ts";
import type { PricingContext } from "./look-up-price.ts";

/** The stored facts of the hold. */
export interface UnpricedHold {
  readonly at: number;
  readonly route: CallRoute;
  readonly attribution: Attribution;
}

/** @returns Null if no budget needs or states rates. */
export function fallbackOf(
  { ledger, prices }: Pick<PricingContext, "prices"> & { readonly ledger: Ledger },
  { at, route, attribution }: UnpricedHold,
  terms: Omit<CeilingQuery, "provider" | "at">,
): FallbackRates | null {
  const key = ledger.keys().find(({ keyId }) => keyId === route.keyId);
  const budgets = new Map(ledger.budgets().map((budget) => [budget.budgetId, budget]));
  const subject = { attribution, route, budgets: key?.budgets ?? [] };
  const ceiling = prices().ceiling({ ...terms, provider: route.provider, at });
  const applied = selectBudgets(budgets, subject);
  const found = fallbackFor(applied, ceiling);
  // A budget that blocks such calls now did not when this one was held.
  return found === "blocked" ? dearestFallback(applied) : found;
}
