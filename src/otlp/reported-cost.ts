/** Reads the cost that a tracer or provider wrote on a span; it is recorded beside ours. */

import type { Attributes } from "../app/port/telemetry.ts";
import { PurserError } from "../domain/error.ts";
import { mostPerCall, parseUsd, type PicoUsd } from "../domain/money/money.ts";
import type { UsageFlag } from "../domain/usage/usage.ts";
import { numberOf, textOf } from "./attribute.ts";

export interface ReportedCost {
  /** Null if there is none. */
  readonly cost: PicoUsd | null;
  /** `usage_invalid` for one that is not an amount in USD. */
  readonly flags: readonly UsageFlag[];
}

const totals = [
  "gen_ai.usage.cost.amount",
  "gen_ai.usage.cost",
  "gen_ai.usage.total_cost",
  "gen_ai.usage.cost.total",
  "gen_ai.cost.amount",
  "gen_ai.cost.total_tokens",
  "operation.cost",
  "llm.cost.total",
];

const parts = [
  ["gen_ai.usage.input_cost", "gen_ai.cost.input_tokens", "llm.cost.prompt"],
  ["gen_ai.usage.output_cost", "gen_ai.cost.output_tokens", "llm.cost.completion"],
] as const;

const currencies = ["gen_ai.usage.cost.currency", "gen_ai.cost.currency"];

export function reportedCostOf(attributes: Attributes): ReportedCost {
  try {
    const total = numberOf(attributes, totals);
    const [input, output] = parts.map((names) => numberOf(attributes, names));
    const isInParts = input !== undefined || output !== undefined;
    const usd = total ?? (isInParts ? (input ?? 0) + (output ?? 0) : undefined);
    if (usd === undefined) return { cost: null, flags: [] };
    const currency = textOf(attributes, currencies) ?? "USD";
    const cost = currency.toUpperCase() === "USD" ? usdOf(usd) : null;
    return { cost, flags: cost === null ? invalid : [] };
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return { cost: null, flags: invalid };
  }
}

const invalid: readonly UsageFlag[] = ["usage_invalid"];

/** @returns Null for more than a call can cost. Parts of a pico-dollar are rounded. */
export function usdOf(amount: number): PicoUsd | null {
  if (!(amount < 1e9)) return null;
  const cost = parseUsd(amount.toFixed(12));
  return cost <= mostPerCall ? cost : null;
}
