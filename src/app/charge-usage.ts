/** The bill for counts that a caller reports itself. */

import type { Attribution } from "../domain/attribution/attribution.ts";
import type { FallbackRates } from "../domain/budget/budget.ts";
import type { CallRoute } from "../domain/ledger/entry.ts";
import type { PicoUsd } from "../domain/money/money.ts";
import type { Charge, ServiceTier } from "../domain/price/rate.ts";
import type { Usage, UsageFlag } from "../domain/usage/usage.ts";
import { appliedBudgets } from "./applied-budgets.ts";
import { chargeFallback } from "./charge-fallback.ts";
import { chooseCharge, type OwnCharge } from "./choose-charge.ts";
import { askedOf, sheetOfServed, type PriceDesk } from "./look-up-price.ts";
import type { Ledger } from "./ports.ts";

export interface ReportedUsage {
  readonly hold: { readonly at: number; readonly route: CallRoute; readonly attribution: Attribution };
  readonly usage: Usage;
  readonly serviceTier: ServiceTier;
  /** Absent: where the provider's calls go, else anywhere. */
  readonly region?: string;
  /** The model served, when it is not the one asked for. */
  readonly model: string | null;
  /** The provider's own figure. */
  readonly reportedCost: PicoUsd | null;
}

export interface ChargedUsage {
  readonly model: string;
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  /** Ours by the book, where the provider's own figure is the charge. */
  readonly computedCost?: PicoUsd;
  readonly flags: readonly UsageFlag[];
}

/** Prices usage as of the moment of its hold, in the order that the gateway charges by. */
export function chargeUsage(desk: PriceDesk & { readonly ledger: Ledger }, reported: ReportedUsage): ChargedUsage {
  const { hold, reportedCost } = reported;
  const model = reported.model ?? hold.route.model;
  const own = ownCharge(desk, reported, model);
  const isBilled = desk.tellsBilledCost(hold.route.provider);
  const { isBilled: isTheirs, charges, cost, computedCost, differs, isAbsurd } = chooseCharge(own, { model, cost: reportedCost, isBilled });
  const flags: UsageFlag[] = [];
  if (own.basis !== "book") flags.push("unpriced");
  if (!own.hasTerms && !isTheirs) flags.push("unpriced_modifier");
  if (isAbsurd) flags.push("usage_implausible");
  if (differs) flags.push("cost_differs");
  return { model, charges, cost, ...(computedCost !== undefined && { computedCost }), flags };
}

interface OwnTerms extends OwnCharge {
  /** Whether the tier and the region have a rate of their own. */
  readonly hasTerms: boolean;
}

function ownCharge(
  desk: PriceDesk & { readonly ledger: Ledger },
  { hold, usage, serviceTier, region }: ReportedUsage,
  model: string,
): OwnTerms {
  const { at, route } = hold;
  const book = desk.prices();
  const sheet = sheetOfServed(book, askedOf(book, { provider: route.provider, model: route.model, at }), model);
  if (sheet)
    return {
      charges: sheet.charge({ model, usage }, { serviceTier, region, at }),
      basis: "book",
      hasTerms: sheet.prices({ serviceTier, region }),
    };
  const rates = fallbackOf(desk.ledger, hold);
  return { charges: chargeFallback(model, usage, rates), basis: rates ? "fallback" : "none", hasTerms: true };
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
