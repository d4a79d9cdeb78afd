/** Estimates what a call may cost, and whether the budgets would admit it. Nothing is held. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { Currency } from "../../domain/budget/budget.ts";
import { blocksUnpriced } from "../../domain/budget/unpriced.ts";
import { PurserError } from "../../domain/error.ts";
import { tokenizerOf, type TokenizerFamily } from "../../domain/estimate/tokenizer.ts";
import type { Applied } from "../../domain/ledger/applicable.ts";
import type { Demand, RefusalReason } from "../../domain/ledger/command.ts";
import { amountIn, available } from "../../domain/ledger/counter.ts";
import {
  affordableOutput,
  chooseFallback,
  priceDemand,
  refusesCall,
} from "../../domain/ledger/decide-hold.ts";
import type { Quantities } from "../../domain/ledger/entry.ts";
import { add, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import { hasOutput } from "../../domain/price/ability.ts";
import type { Charge, FallbackRates, ServiceTier } from "../../domain/price/row/rate.ts";
import type { ModelName } from "../../domain/price/served.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { unitPrices } from "../../domain/price/unit-price.ts";
import type { OpenMeter } from "../../domain/usage/usage.ts";
import { appliedBudgets } from "../hold/applied-budgets.ts";
import { usefulOutput } from "../hold/estimate.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { TokenCounter } from "../port/token-counter.ts";
import { demandFor } from "./hold.ts";
import { lookUpPrice, type PricingContext } from "./look-up-price.ts";

export interface EstimateDesk extends PricingContext {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly counter: Pick<TokenCounter, "countText">;
  /** The vendor whose API a provider serves, as the price list names it. */
  tokenizerFamily(provider: string): TokenizerFamily;
  /** Output tokens that recent calls of a model needed; null if unknown. */
  expectedOutput(of: ModelName, ceiling: number): number | null;
}

/** A call that its caller may make. */
export interface PlannedCall extends ModelName {
  readonly attribution: Attribution;
  /** Budgets that the caller's key adds. */
  readonly budgets: readonly string[];
  /** A count, or the text to count: exactly one of them. */
  readonly inputTokens: number | undefined;
  readonly text: string | undefined;
  /** By default the model's own ceiling; none for a model without output, such as an embedding. */
  readonly maxOutputTokens: number | undefined;
  /** By default half of the ceiling. */
  readonly expectedOutputTokens: number | undefined;
  /** Part of the input that will be read from a cache, in the expected cost. */
  readonly cachedTokens: number;
  readonly cacheWrite: "none" | "5m" | "1h";
  readonly serviceTier: ServiceTier;
  /** Whether a shorter answer is acceptable. */
  readonly mayFit: boolean;
}

export interface CallEstimate {
  /** Undefined for a model without a price. */
  readonly sheet: PriceSheet | undefined;
  readonly counts: TokenCounts;
  /** Null without a price: the cost is unknown, not zero. */
  readonly cost: CostRange | null;
  /** What one of each unit costs, if the model is billed by them instead of by tokens; else empty. */
  readonly unitPrices: ReadonlyMap<OpenMeter, PicoUsd>;
  /** How a model without a price would be held; null if it has one, or no budget needs or has rates. */
  readonly fallback: FallbackCost | null;
  /** Whether every budget would admit the call now, possibly with a shorter answer. */
  readonly allowed: boolean;
  /** The ceiling that the gateway would set to fit the budgets; null if it would leave it as is. */
  readonly fittedOutput: number | null;
  /** The longest ceiling that would be admitted, if the call is refused as it is; null if none. */
  readonly passingOutput: number | null;
  /** From the narrowest budget to the widest. */
  readonly budgets: readonly BudgetVerdict[];
}

export interface TokenCounts {
  readonly input: number;
  /** The lower bound of the input. */
  readonly leastInput: number;
  /** Expected tokens per token of the tokenizer used here; null if the caller gave the count. */
  readonly tokenizerFactor: number | null;
  readonly ceiling: number;
  readonly expectedOutput: number;
}

export interface FallbackCost {
  readonly rates: FallbackRates;
  /** The amount that a hold takes. */
  readonly high: PicoUsd;
}

export interface CostRange {
  /** The least input, and one output token. */
  readonly low: PicoUsd;
  readonly expected: PicoUsd;
  /** The amount that a hold takes: the whole ceiling at the highest rates that can apply. */
  readonly high: PicoUsd;
  /** The lines of the expected cost. */
  readonly lines: readonly Charge[];
}

/** Amounts are in the budget's currency. */
export interface BudgetVerdict {
  readonly budgetId: string;
  readonly currency: Currency;
  /** Null if the budget would admit the call. */
  readonly reason: RefusalReason | null;
  readonly needed: bigint;
  readonly available: bigint;
}

/**
 * @throws PurserError `invalid_request` if the ceiling is unknown, or unless exactly one of input
 *   tokens and text is given.
 */
export async function estimateCall(desk: EstimateDesk, call: PlannedCall): Promise<CallEstimate> {
  const at = desk.clock.now();
  const sheet = lookUpPrice(desk, { ...call, at });
  const counts = await countTokens(desk, call, sheet);
  const unpriced = demandOfHold(desk, { call, counts, at });
  const least = leastOutput(desk, call, counts.ceiling);
  const applied = await appliedBudgets(desk.ledger, call, at);
  const chosen = chooseFallback(applied, unpriced);
  const fallback = chosen === "blocked" ? null : chosen;
  const demand = fallback ? { ...unpriced, ...priceDemand(unpriced, fallback) } : unpriced;
  const budgets = applied.map((one) => judge(one, demand, least));
  const allowed = budgets.every(({ reason }) => reason === null);
  return {
    sheet,
    counts,
    cost: sheet?.pricesTokens === true ? costsOf({ sheet, counts, demand }, call, at) : null,
    unitPrices: sheet ? unitPrices(sheet, { serviceTier: call.serviceTier, at }) : new Map(),
    fallback: fallback && {
      rates: fallback,
      high: amountOf(demand, demand.outputTokens).usd,
    },
    allowed,
    fittedOutput: allowed ? fittedOutput(applied, demand, counts.ceiling) : null,
    passingOutput: allowed ? null : passingOutput(applied, demand),
    budgets,
  };
}

async function countTokens(
  desk: EstimateDesk,
  call: PlannedCall,
  sheet: PriceSheet | undefined,
): Promise<TokenCounts> {
  const own = hasOutput(call.model) ? sheet?.maxOutputTokens : 0;
  const ceiling = call.maxOutputTokens ?? own;
  if (ceiling === undefined) {
    throw new PurserError(
      "invalid_request",
      "max_output_tokens is missing, and the model's own ceiling is not known",
      {
        field: "max_output_tokens",
        remedy: "Give max_output_tokens.",
      },
    );
  }
  const expectedOutput = Math.min(call.expectedOutputTokens ?? Math.ceil(ceiling / 2), ceiling);
  return { ...(await countInput(desk, call)), ceiling, expectedOutput };
}

async function countInput(
  desk: EstimateDesk,
  { provider, model, inputTokens, text }: PlannedCall,
): Promise<Pick<TokenCounts, "input" | "leastInput" | "tokenizerFactor">> {
  if (inputTokens !== undefined && text === undefined)
    return { input: inputTokens, leastInput: inputTokens, tokenizerFactor: null };
  if (text === undefined || inputTokens !== undefined) {
    throw new PurserError("invalid_request", "give either input_tokens or text", {
      field: "input_tokens",
      remedy: "Give one of input_tokens and text.",
    });
  }
  const tokenizer = tokenizerOf({ family: desk.tokenizerFamily(provider), model });
  const { least, expected } = await desk.counter.countText(
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    tokenizer,
  );
  return {
    input: Math.ceil(expected),
    leastInput: Math.ceil(least),
    tokenizerFactor: tokenizer.expectedPercent / 100,
  };
}

/** The demand of a hold for this call. */
function demandOfHold(
  desk: EstimateDesk,
  {
    call,
    counts,
    at,
  }: { readonly call: PlannedCall; readonly counts: TokenCounts; readonly at: number },
): Demand {
  const { provider, model, cacheWrite, serviceTier } = call;
  const sizing = {
    kind: "estimate",
    inputTokens: counts.input,
    maxOutputTokens: counts.ceiling,
    cacheWrite,
    serviceTier,
    webSearches: 0,
  } as const;
  return demandFor(desk, { provider, model, sizing }, at);
}

/** The fewest output tokens for which the gateway would serve the call rather than refuse it. */
function leastOutput(desk: EstimateDesk, call: PlannedCall, ceiling: number): number {
  if (!call.mayFit) return ceiling;
  return usefulOutput({
    ceiling,
    isAsked: call.maxOutputTokens !== undefined,
    choices: 1,
    expected: desk.expectedOutput(call, ceiling),
  });
}

interface Priced {
  readonly sheet: PriceSheet;
  readonly counts: TokenCounts;
  readonly demand: Demand;
}

function costsOf({ sheet, counts, demand }: Priced, call: PlannedCall, at: number): CostRange {
  const charge = (input: number, cached: number, output: number): readonly Charge[] =>
    sheet.charge(
      { model: sheet.model, usage: { input: input - cached, cache_read: cached, output } },
      { serviceTier: call.serviceTier, at },
    );
  const cached = Math.min(call.cachedTokens, counts.input);
  const lines = charge(counts.input, cached, counts.expectedOutput);
  return {
    low: sum(charge(counts.leastInput, 0, Math.min(1, counts.ceiling))),
    expected: sum(lines),
    high: amountOf(demand, demand.outputTokens).usd,
    lines,
  };
}

function sum(lines: readonly Charge[]): PicoUsd {
  return lines.reduce((cost, line) => add(cost, line.cost), zero);
}

function judge(applied: Applied, demand: Demand, leastOutputTokens: number): BudgetVerdict {
  const { budget, counter } = applied;
  return {
    budgetId: budget.budgetId,
    currency: budget.currency,
    reason: reasonAgainst(applied, demand, leastOutputTokens),
    needed: amountIn(budget.currency, amountOf(demand, demand.outputTokens)),
    available: available(counter, budget),
  };
}

function reasonAgainst(
  applied: Applied,
  demand: Demand,
  outputTokens: number,
): RefusalReason | null {
  const isBlocked = demand.perOutputToken === null && blocksUnpriced(applied.budget);
  return isBlocked ? "unpriced" : refusesCall(applied, amountOf(demand, outputTokens));
}

function fittedOutput(budgets: readonly Applied[], demand: Demand, ceiling: number): number | null {
  const affordable = longestAffordable(budgets, demand, ceiling);
  return affordable < ceiling ? affordable : null;
}

/** A call refused for the length of its answer is admitted with a ceiling that can be paid. */
function passingOutput(budgets: readonly Applied[], demand: Demand): number | null {
  const most = longestAffordable(budgets, demand, demand.outputTokens);
  return most >= 1 && budgets.every((applied) => reasonAgainst(applied, demand, most) === null)
    ? most
    : null;
}

/** The most output tokens, up to a ceiling, that every budget can pay. */
function longestAffordable(budgets: readonly Applied[], demand: Demand, ceiling: number): number {
  const perOutputToken = demand.perOutputToken ?? zero;
  const affordable = affordableOutput(budgets, { fixed: demand.fixed, perOutputToken });
  return Math.min(ceiling, affordable ?? ceiling);
}

function amountOf(demand: Demand, outputTokens: number): Quantities {
  return {
    usd: add(demand.fixed.usd, multiply(demand.perOutputToken ?? zero, outputTokens)),
    tokens: demand.fixed.tokens + BigInt(outputTokens),
    requests: 1n,
  };
}
