/** What a call cost: the provider's usage at the rates of its moment, or an estimate of it that says so. */

import type { FallbackRates } from "../domain/budget/budget.ts";
import type { Outcome, Quantities } from "../domain/ledger/entry.ts";
import { add, zero, type PicoUsd } from "../domain/money/money.ts";
import type { Charge, ServiceTier } from "../domain/price/rate.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import { countContext, countTokens, sumUsage, type UsageFlag, type UsagePart } from "../domain/usage/usage.ts";
import type { Progress, Reading, RequestFacts } from "../wire/wire.ts";
import type { Estimate } from "./estimate.ts";
import { chargeFallback } from "./charge-fallback.ts";
import { sheetOfServed } from "./look-up-price.ts";
import type { Route } from "./route.ts";

/** What is known of a call whose answer has ended, or will not come. */
export interface EndedCall {
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly estimate: Estimate;
  /** The output that the provider was allowed, over all choices. */
  readonly ceiling: number;
  /** When it was held: the moment whose prices count. */
  readonly heldAt: number;
  readonly held: Quantities;
  readonly endedAt: number;
  /** Rates that a budget states for a model without a price. */
  readonly fallback: FallbackRates | null;
  readonly flags: readonly UsageFlag[];
}

/** The outcome of a call whose answer was read, in whole or in part. */
export function outcomeOf(prices: PriceBook, call: EndedCall, answer: { readonly reading: Reading; readonly progress: Progress }): Outcome {
  const { reading } = answer;
  const isReported = reading.parts.length > 0;
  const isFinal = isReported && !reading.partial;
  const parts = isFinal ? reading.parts : estimatedParts(call, answer);
  const model = reading.model ?? call.route.model;
  const priced = charge(prices, call, { parts, model, serviceTier: reading.serviceTier });
  const usage = sumUsage(parts.map((part) => part.usage));
  const charges = withReported(priced, { reported: reading.reportedCost, model });
  const flags = new Set<UsageFlag>([...call.flags, ...reading.flags, ...oddities(prices, call, parts)]);
  if (!isFinal) flags.add("usage_missing");
  if (!priced.isPriced) flags.add("unpriced");
  return {
    status: isFinal ? "settled" : "estimated",
    model,
    usage,
    charges,
    cost: { usd: sumCosts(charges), tokens: BigInt(countTokens(usage)), requests: 1n },
    reportedCost: reading.reportedCost,
    rawUsage: reading.rawUsage,
    flags: [...flags],
    latencyMs: call.endedAt - call.heldAt,
    priceVersion: prices.version,
  };
}

/** The outcome of a call that may have reached the provider and of which nothing came back: what was held is charged. */
export function unresolvedOutcome(
  priceVersion: string,
  call: {
    readonly model: string;
    readonly held: Quantities;
    readonly heldAt: number;
    readonly endedAt: number;
    readonly flags: readonly UsageFlag[];
  },
): Outcome {
  const { model, held } = call;
  return {
    status: "unresolved",
    model,
    usage: {},
    charges: [{ model, meter: "hold", quantity: 1, cost: held.usd }],
    cost: held,
    reportedCost: null,
    rawUsage: null,
    flags: [...call.flags, "usage_missing"],
    latencyMs: call.endedAt - call.heldAt,
    priceVersion,
  };
}

function charge(
  prices: PriceBook,
  call: EndedCall,
  { parts, model, serviceTier }: { readonly parts: readonly UsagePart[]; readonly model: string; readonly serviceTier: ServiceTier },
): { readonly charges: readonly Charge[]; readonly isPriced: boolean } {
  const provider = call.route.provider.priceProvider;
  const charges: Charge[] = [];
  let isPriced = true;
  for (const part of parts) {
    const sheet = sheetOfServed(prices, { provider, asked: call.route.model, served: part.model ?? model, at: call.heldAt });
    if (sheet) charges.push(...sheet.charge(part, { serviceTier, at: call.heldAt }));
    else {
      isPriced = false;
      charges.push(...chargeFallback(call.route.model, part.usage, call.fallback));
    }
  }
  return { charges, isPriced };
}

/** A provider's own figure is the price where the book has none, before any fallback; else it stands beside ours. */
function withReported(
  priced: { readonly charges: readonly Charge[]; readonly isPriced: boolean },
  { reported, model }: { readonly reported: PicoUsd | null; readonly model: string },
): readonly Charge[] {
  if (priced.isPriced || reported === null) return priced.charges;
  return [{ model, meter: "reported_cost", quantity: 1, cost: reported }];
}

/**
 * What the provider reported until the answer broke off, with the output that passed in its main part, which comes first.
 * An input that was not reported, or cannot be, is taken as it was estimated.
 */
function estimatedParts(
  { estimate }: EndedCall,
  { reading, progress }: { readonly reading: Reading; readonly progress: Progress },
): readonly UsagePart[] {
  const [main, ...others] = reading.parts;
  const { outputTokens: passed } = progress;
  if (!main) return [{ model: null, usage: { input: progress.inputTokens ?? estimate.inputTokens, output: passed } }];
  const { input = 0, output = 0 } = main.usage;
  const isInputKnown = reading.parts.some(({ usage }) => countContext(usage) > 0);
  const usage = { ...main.usage, input: isInputKnown ? input : estimate.inputTokens, output: Math.max(output, passed) };
  return [{ ...main, usage }, ...others];
}

/** Only for the reader: an odd answer is charged as the provider reported it. */
function oddities(
  prices: PriceBook,
  { estimate, ceiling, facts, route, heldAt }: EndedCall,
  parts: readonly UsagePart[],
): readonly UsageFlag[] {
  const odd: UsageFlag[] = [];
  const output = parts.reduce((sum, { usage }) => sum + (usage.output ?? 0), 0);
  const wasStated = facts.maxOutputTokens !== null || ceiling < estimate.ceiling;
  if (wasStated && output > ceiling) odd.push("over_ceiling");
  const window = prices.sheet({ provider: route.provider.priceProvider, model: route.model, at: heldAt })?.contextWindow;
  if (window !== undefined && parts.some(({ usage }) => countContext(usage) > window)) odd.push("over_context");
  return odd;
}

function sumCosts(charges: readonly Charge[]): PicoUsd {
  return charges.reduce((sum, { cost }) => add(sum, cost), zero);
}
