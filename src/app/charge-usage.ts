/** The bill for counts that a caller reports itself. */

import type { Attribution } from "../domain/attribution/attribution.ts";
import type { FallbackRates } from "../domain/budget/budget.ts";
import type { CallRoute } from "../domain/ledger/entry.ts";
import { add, zero, type PicoUsd } from "../domain/money/money.ts";
import type { Charge, ServiceTier } from "../domain/price/rate.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { appliedBudgets } from "./applied-budgets.ts";
import { chargeFallback } from "./charge-fallback.ts";
import { askedOf, sheetOfServed, type PriceDesk } from "./look-up-price.ts";
import type { Ledger } from "./ports.ts";

export interface ReportedUsage {
  readonly hold: { readonly at: number; readonly route: CallRoute; readonly attribution: Attribution };
  readonly usage: Usage;
  readonly serviceTier: ServiceTier;
  /** The model served, when it is not the one asked for. */
  readonly model: string | null;
  /** The provider's own figure: the price where neither the book nor a budget has one. */
  readonly reportedCost: PicoUsd | null;
}

export interface ChargedUsage {
  readonly model: string;
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  /** False when no price was known: the cost is then by the budgets' fallback rates, or the provider's own figure, or nothing. */
  readonly priced: boolean;
}

/** Prices usage as of the moment of its hold. */
export function chargeUsage(desk: PriceDesk & { readonly ledger: Ledger }, reported: ReportedUsage): ChargedUsage {
  const { hold, usage, serviceTier } = reported;
  const { at, route } = hold;
  const served = reported.model ?? route.model;
  const provider = desk.priceProvider(route.provider);
  const book = desk.prices();
  const sheet = sheetOfServed(book, askedOf(book, { provider, model: route.model, at }), served);
  const charges = sheet ? sheet.charge({ model: served, usage }, { serviceTier, at }) : chargeUnpriced(desk.ledger, reported, served);
  return { model: served, charges, cost: charges.reduce((cost, line) => add(cost, line.cost), zero), priced: sheet !== undefined };
}

function chargeUnpriced(ledger: Ledger, { hold, usage, reportedCost }: ReportedUsage, model: string): readonly Charge[] {
  const rates = fallbackOf(ledger, hold);
  if (rates || reportedCost === null) return chargeFallback(model, usage, rates);
  return [{ model, meter: "reported_cost", quantity: 1, cost: reportedCost }];
}

/** The dearest rates that a budget of the call states for models without a price. */
function fallbackOf(ledger: Ledger, { at, route, attribution }: ReportedUsage["hold"]): FallbackRates | null {
  const key = ledger.keys().find(({ keyId }) => keyId === route.keyId);
  const applied = appliedBudgets(ledger, { ...route, attribution, budgets: key?.budgets ?? [] }, at);
  const stated = applied.flatMap(({ budget: { unpriced } }) =>
    unpriced.policy === "allow" && unpriced.fallback ? [unpriced.fallback] : [],
  );
  if (stated.length === 0) return null;
  const dearest = (unit: keyof FallbackRates): PicoUsd =>
    stated.map((rates) => rates[unit]).reduce((left, right) => (right > left ? right : left));
  return { input: dearest("input"), output: dearest("output") };
}
