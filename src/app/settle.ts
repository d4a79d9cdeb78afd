/** What a call cost: the provider's usage at the rates of its moment, or an estimate of it that says so. */

import type { FallbackRates } from "../domain/budget/budget.ts";
import type { Outcome, Quantities } from "../domain/ledger/entry.ts";
import { add, zero, type PicoUsd } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/rate.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import { countContext, countTokens, totalUsage, type Usage, type UsageFlag, type UsagePart } from "../domain/usage/usage.ts";
import type { Progress, Reading, RequestFacts } from "../wire/wire.ts";
import type { Estimate } from "./estimate.ts";
import { chargeFallback } from "./charge-fallback.ts";
import { askedOf, sheetOfServed, type AskedModel } from "./look-up-price.ts";
import type { Route } from "./route.ts";
import { usedByModel } from "./used-by-model.ts";

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
  readonly endedAt: number;
  /** What was odd besides what its reading tells. */
  readonly flags: readonly UsageFlag[];
}

export function outcomeOf(prices: PriceBook, call: ForwardedCall, answer: Answer): Outcome {
  const { reading } = answer;
  const isFinal = reading.parts.length > 0 && !reading.partial;
  const parts = isFinal ? reading.parts : estimatedParts(call, answer);
  const model = reading.model ?? call.route.model;
  const asked = askedOf(prices, { provider: call.route.provider.priceProvider, model: call.route.model, at: call.heldAt });
  if (reading.flags.includes("unbilled")) return unbilledOutcome(prices, call, { answer, model });
  const priced = charge(prices, call, { parts, model, reading, asked });
  const used = usedByModel(parts);
  const charges = withReported(priced, { reported: reading.reportedCost, model });
  return {
    status: isFinal ? "settled" : "estimated",
    model,
    ...used,
    charges,
    cost: { usd: sumCosts(charges), tokens: BigInt(countTokens(totalUsage(used))), requests: 1n },
    reportedCost: reading.reportedCost,
    rawUsage: reading.rawUsage,
    flags: flagsOf(call, answer, { mainUsage: used.usage, isFinal, priced }),
    latencyMs: answer.endedAt - call.heldAt,
    priceVersion: prices.version,
  };
}

/** The provider answered, and does not bill that. */
function unbilledOutcome(
  prices: PriceBook,
  { heldAt }: ForwardedCall,
  { answer, model }: { readonly answer: Answer; readonly model: string },
): Outcome {
  const { reportedCost, rawUsage, flags } = answer.reading;
  return {
    status: "settled",
    model,
    usage: {},
    charges: [],
    cost: { usd: zero, tokens: 0n, requests: 1n },
    reportedCost,
    rawUsage,
    flags: [...new Set([...answer.flags, ...flags])],
    latencyMs: answer.endedAt - heldAt,
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

interface Priced {
  readonly charges: readonly Charge[];
  readonly isPriced: boolean;
  /** Whether the tier and the region that served have a rate of their own. */
  readonly hasTerms: boolean;
  readonly isOverContext: boolean;
}

interface Bill {
  readonly parts: readonly UsagePart[];
  readonly model: string;
  readonly reading: Reading;
  readonly asked: AskedModel;
}

function charge(prices: PriceBook, call: ForwardedCall, bill: Bill): Priced {
  const [only, second] = bill.parts;
  if (only && !second) return chargePart(prices, call, { bill, part: only });
  const priced = bill.parts.map((part) => chargePart(prices, call, { bill, part }));
  return {
    charges: priced.flatMap(({ charges }) => charges),
    isPriced: priced.every(({ isPriced }) => isPriced),
    hasTerms: priced.every(({ hasTerms }) => hasTerms),
    isOverContext: priced.some(({ isOverContext }) => isOverContext),
  };
}

function chargePart(
  prices: PriceBook,
  { route, heldAt, fallback }: ForwardedCall,
  { bill, part }: { readonly bill: Bill; readonly part: UsagePart },
): Priced {
  const sheet = sheetOfServed(prices, bill.asked, part.model ?? bill.model);
  if (!sheet) {
    const charges = chargeFallback(route.model, part.usage, fallback);
    return { charges, isPriced: false, hasTerms: true, isOverContext: false };
  }
  const { serviceTier, region } = bill.reading;
  return {
    charges: sheet.charge(part, { serviceTier, region, at: heldAt }),
    isPriced: true,
    hasTerms: sheet.prices({ serviceTier, region }),
    isOverContext: countContext(part.usage) > (sheet.contextWindow ?? Infinity),
  };
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
  charged: { readonly mainUsage: Usage; readonly isFinal: boolean; readonly priced: Priced },
): readonly UsageFlag[] {
  const { mainUsage, isFinal, priced } = charged;
  const flags = [...answer.flags, ...answer.reading.flags];
  if (isOverCeiling(call, mainUsage)) flags.push("over_ceiling");
  if (priced.isOverContext) flags.push("over_context");
  if (!isFinal) flags.push("usage_missing");
  if (!priced.isPriced) flags.push("unpriced");
  if (!priced.hasTerms) flags.push("unpriced_modifier");
  return flags.length > 1 ? [...new Set(flags)] : flags;
}

/** The ceiling is the main answer's: another model has one of its own. */
function isOverCeiling({ facts, estimate, ceiling }: ForwardedCall, { output = 0 }: Usage): boolean {
  const wasStated = facts.maxOutputTokens !== null || ceiling.fitted < estimate.ceiling;
  return wasStated && output > ceiling.fitted;
}

function sumCosts(charges: readonly Charge[]): PicoUsd {
  return charges.reduce((sum, { cost }) => add(sum, cost), zero);
}
