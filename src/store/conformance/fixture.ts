/**
 * Plain budgets and calls for the conformance tests; each test overrides only the fields it is
 * about.
 */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { HoldCommand, PutBudgetCommand, SettleCommand } from "../../domain/ledger/command.ts";
import { aBudget } from "../../domain/ledger/desk.test-kit.ts";
import type { CallRoute, Outcome } from "../../domain/ledger/entry.ts";
import { multiply, pico, type PicoUsd } from "../../domain/money/money.ts";
import type { Charge, Rate } from "../../domain/price/row/rate.ts";
import type { Meter, Usage } from "../../domain/usage/usage.ts";

/** 2026-03-10 10:00 UTC: on the hour, in the middle of a month. */
export const start = Date.UTC(2026, 2, 10, 10);

export function usd(amount: number): PicoUsd {
  return pico(BigInt(Math.round(amount * 1_000_000)) * 1_000_000n);
}

export function putBudget(
  budgetId: string,
  amount: PicoUsd,
  change: Partial<Budget> = {},
): PutBudgetCommand {
  const budget = aBudget({ budgetId, amount, period: "month", ...change });
  return { kind: "put_budget", at: start, budget, when: "put" };
}

/**
 * Four levels: all, the org `acme`, each team, each project. Amounts run from widest to narrowest.
 */
export function tree([all, org, team, project]: readonly [
  PicoUsd,
  PicoUsd,
  PicoUsd,
  PicoUsd,
]): readonly PutBudgetCommand[] {
  return [
    putBudget("all", all),
    putBudget("org", org, { parentBudgetId: "all", budgetType: "org", resourceId: "acme" }),
    putBudget("team", team, { parentBudgetId: "org", budgetType: "team", resourceId: "*" }),
    putBudget("project", project, {
      parentBudgetId: "team",
      budgetType: "project",
      resourceId: "*",
    }),
  ];
}

export const treeIds = ["all", "org", "team", "project"] as const;

export const route: CallRoute = {
  provider: "openai",
  model: "gpt-5",
  endpoint: "chat",
  keyId: "key_1",
};

export const attribution: Attribution = { org: "acme", team: "t1", project: "p1" };

export function hold(
  operationId: string,
  amount: PicoUsd,
  change: Partial<HoldCommand> = {},
): HoldCommand {
  return {
    kind: "hold",
    at: start,
    operationId,
    repeat: "new",
    attribution,
    route,
    budgets: [],
    demand: {
      fixed: { usd: amount, tokens: 100n, requests: 1n },
      perOutputToken: pico(0n),
      outputTokens: 1,
      leastOutputTokens: 1,
      inputTokens: 99,
    },
    expiresAt: null,
    fingerprint: null,
    final: true,
    ...change,
  };
}

/** An outcome with a single charge line of the given cost. */
export function outcome(cost: PicoUsd, change: Partial<Outcome> = {}): Outcome {
  const usage = { input: 90, output: 10 };
  return {
    status: "settled",
    model: "gpt-5-2025-08-07",
    usage,
    charges: [{ model: "gpt-5-2025-08-07", meter: "reported_cost", quantity: 1, cost }],
    cost: { usd: cost, tokens: 100n, requests: 1n },
    reportedCost: null,
    rawUsage: null,
    flags: [],
    latencyMs: 120,
    priceVersion: "v1",
    ...change,
  };
}

export function settle(
  operationId: string,
  cost: PicoUsd,
  change: Partial<SettleCommand> = {},
): SettleCommand {
  return {
    kind: "settle",
    at: start + 1000,
    operationId,
    attempt: 1,
    outcome: outcome(cost),
    fingerprint: null,
    ...change,
  };
}

export const rates: readonly Rate[] = [
  rate("input", 1_250_000n),
  { ...rate("cache_read", 125_000n), context: { tokens: 200_000, inclusive: false } },
  { ...rate("output", 10_000_000n), serviceTier: "priority", validFrom: "2026-01-01T00:00:00Z" },
];

function rate(meter: Meter, perUnit: bigint): Rate {
  return {
    provider: "openai",
    model: "gpt-5",
    meter,
    perUnit: pico(perUnit),
    serviceTier: "standard",
    match: "rule",
    source: "genai-prices",
    version: "0.1.8",
  };
}

/** A typical call with a cached prompt: its cost, and the usage as OpenAI writes it. */
export function usualOutcome(input: number, output: number): Outcome {
  const model = "gpt-5-2025-08-07";
  const usage: Usage = { input, cache_read: 2048, output, reasoning: 128 };
  const charges = rates.map((rate): Charge => {
    const quantity = usage[rate.meter] ?? 0;
    return { model, meter: rate.meter, quantity, cost: multiply(rate.perUnit, quantity), rate };
  });
  const cost = pico(charges.reduce((sum, charge) => sum + charge.cost, 0n));
  const rawUsage =
    `{"prompt_tokens":${input + 2048},"completion_tokens":${output},"total_tokens":${input + 2048 + output},` +
    `"prompt_tokens_details":{"cached_tokens":2048,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":128,` +
    `"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`;
  const tokens = BigInt(input + 2048 + output);
  return {
    status: "settled",
    model,
    usage,
    charges,
    cost: { usd: cost, tokens, requests: 1n },
    reportedCost: null,
    rawUsage,
    flags: [],
    latencyMs: 1834,
    priceVersion: "genai-prices 0.1.8",
  };
}
