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
import { askedOf, sheetOfServed, type AskedModel } from "./look-up-price.ts";
import type { Route } from "./route.ts";

/** What is known of a call since before it was forwarded. */
export interface ForwardedCall {
  readonly route: Route;
  readonly facts: RequestFacts;
  readonly estimate: Estimate;
  /** The output that the provider was allowed, over all choices. */
  readonly ceiling: { readonly fitted: number };
  /** When it was held: the moment whose prices count. */
  readonly heldAt: number;
  /** Rates that a budget states for a model without a price. */
  readonly fallback: FallbackRates | null;
}

/** An answer that was read, in whole or in part. */
export interface Answer {
  readonly reading: Reading;
  readonly progress: Progress;
  readonly latencyMs: number;
  /** What was odd besides what its reading tells. */
  readonly flags: readonly UsageFlag[];
}

export function outcomeOf(prices: PriceBook, call: ForwardedCall, answer: Answer): Outcome {
  const { reading } = answer;
  const isFinal = reading.parts.length > 0 && !reading.partial;
  const parts = isFinal ? reading.parts : estimatedParts(call, answer);
  const model = reading.model ?? call.route.model;
  const asked = askedOf(prices, { provider: call.route.provider.priceProvider, model: call.route.model, at: call.heldAt });
  const priced = charge(prices, call, { parts, model, serviceTier: reading.serviceTier, asked });
  const usage = parts.length === 1 && parts[0] ? parts[0].usage : sumUsage(parts.map((part) => part.usage));
  const charges = withReported(priced, { reported: reading.reportedCost, model });
  return {
    status: isFinal ? "settled" : "estimated",
    model,
    usage,
    charges,
    cost: { usd: sumCosts(charges), tokens: BigInt(countTokens(usage)), requests: 1n },
    reportedCost: reading.reportedCost,
    rawUsage: reading.rawUsage,
    flags: flagsOf(call, answer, { parts, isFinal, isPriced: priced.isPriced, contextWindow: asked.sheet?.contextWindow }),
    latencyMs: answer.latencyMs,
    priceVersion: prices.version,
  };
}

/** The outcome of a call that may have reached the provider and of which nothing came back: what was held is charged. */
export function unresolvedOutcome(
  priceVersion: string,
  call: {
    readonly model: string;
    readonly held: Quantities;
    readonly latencyMs: number;
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
    latencyMs: call.latencyMs,
    priceVersion,
  };
}

interface Priced {
  readonly charges: readonly Charge[];
  readonly isPriced: boolean;
}

interface Bill {
  readonly parts: readonly UsagePart[];
  readonly model: string;
  readonly serviceTier: ServiceTier;
  readonly asked: AskedModel;
}

function charge(prices: PriceBook, call: ForwardedCall, bill: Bill): Priced {
  const [only, second] = bill.parts;
  if (only && !second) return chargePart(prices, call, { bill, part: only });
  const priced = bill.parts.map((part) => chargePart(prices, call, { bill, part }));
  return { charges: priced.flatMap(({ charges }) => charges), isPriced: priced.every(({ isPriced }) => isPriced) };
}

function chargePart(
  prices: PriceBook,
  { route, heldAt, fallback }: ForwardedCall,
  { bill, part }: { readonly bill: Bill; readonly part: UsagePart },
): Priced {
  const sheet = sheetOfServed(prices, bill.asked, part.model ?? bill.model);
  if (!sheet) return { charges: chargeFallback(route.model, part.usage, fallback), isPriced: false };
  return { charges: sheet.charge(part, { serviceTier: bill.serviceTier, at: heldAt }), isPriced: true };
}

/** A provider's own figure is the price where the book has none, before any fallback; else it stands beside ours. */
function withReported(
  priced: Priced,
  { reported, model }: { readonly reported: PicoUsd | null; readonly model: string },
): readonly Charge[] {
  if (priced.isPriced || reported === null) return priced.charges;
  return [{ model, meter: "reported_cost", quantity: 1, cost: reported }];
}

/**
 * What the provider reported until the answer broke off, with the output that passed in its main part, which comes first.
 * An input that was not reported, or cannot be, is taken as it was estimated.
 */
function estimatedParts({ estimate }: ForwardedCall, { reading, progress }: Answer): readonly UsagePart[] {
  const [main, ...others] = reading.parts;
  const { outputTokens: passed } = progress;
  if (!main) return [{ model: null, usage: { input: progress.inputTokens ?? estimate.inputTokens, output: passed } }];
  const { input = 0, output = 0 } = main.usage;
  const isInputKnown = reading.parts.some(({ usage }) => countContext(usage) > 0);
  const usage = { ...main.usage, input: isInputKnown ? input : estimate.inputTokens, output: Math.max(output, passed) };
  return [{ ...main, usage }, ...others];
}

/** Only for the reader: an odd answer is charged as the provider reported it. Each flag once. */
function flagsOf(
  call: ForwardedCall,
  answer: Answer,
  charged: {
    readonly parts: readonly UsagePart[];
    readonly isFinal: boolean;
    readonly isPriced: boolean;
    readonly contextWindow: number | undefined;
  },
): readonly UsageFlag[] {
  const { parts, isFinal, isPriced, contextWindow } = charged;
  const flags = [...answer.flags, ...answer.reading.flags];
  if (isOverCeiling(call, parts)) flags.push("over_ceiling");
  if (contextWindow !== undefined && parts.some(({ usage }) => countContext(usage) > contextWindow)) flags.push("over_context");
  if (!isFinal) flags.push("usage_missing");
  if (!isPriced) flags.push("unpriced");
  return flags.length > 1 ? [...new Set(flags)] : flags;
}

function isOverCeiling({ facts, estimate, ceiling }: ForwardedCall, parts: readonly UsagePart[]): boolean {
  const wasStated = facts.maxOutputTokens !== null || ceiling.fitted < estimate.ceiling;
  return wasStated && parts.reduce((sum, { usage }) => sum + (usage.output ?? 0), 0) > ceiling.fitted;
}

function sumCosts(charges: readonly Charge[]): PicoUsd {
  return charges.reduce((sum, { cost }) => add(sum, cost), zero);
}
