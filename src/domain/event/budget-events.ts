/** Events about budgets: their thresholds, windows and definitions. */

import { assert } from "../assert.ts";
import { formatAmount } from "../budget/amount.ts";
import type { Budget, Currency } from "../budget/budget.ts";
import { budgetToJson } from "../budget/json.ts";
import { formatInstant } from "../input/scalar.ts";
import type { Key } from "../key/key.ts";
import type { BudgetEntry, CounterKey, ThresholdEntry } from "../ledger/entry.ts";
import { toNumber, pico } from "../money/money.ts";
import type { OpenedCounter } from "./context.ts";
import type { Happening } from "./event.ts";

/** A share of 100 % or more is exceeded; one below is a warning. A threshold may also pause. */
export function thresholdCrossed(
  entry: ThresholdEntry,
  defined: Budget | undefined,
): readonly Happening[] {
  const budget = definedBudget(defined);
  const { at, counter, partsPerMillion, spent, limit } = entry;
  const { currency, value } = counter;
  const threshold = budget.thresholds.find((one) => one.partsPerMillion === partsPerMillion);
  const action = threshold?.action ?? "notify";
  const data = {
    ...identityOf(budget),
    current_usage: numberOf(spent, currency),
    budget_amount: numberOf(limit, currency),
    percentage_used: limit === 0n ? null : shareOf(spent, limit),
    timestamp: formatInstant(at),
    current_usage_usd: usdOf(spent, currency),
    budget_amount_usd: usdOf(limit, currency),
    currency,
    value,
    threshold: partsPerMillion / 1_000_000,
    action,
    window: windowOf(counter),
  };
  const about = { kind: "budget", budget, value } as const;
  const event = { at, subject: budget.budgetId, about };
  const type = partsPerMillion >= 1_000_000 ? "budget.exceeded" : "budget.warning";
  const crossed: Happening = { ...event, type, data };
  if (action !== "pause") return [crossed];
  return [crossed, { ...event, type: "budget.paused", data: { ...data, reason: "threshold" } }];
}

/** The fields by which every event names its budget. */
export function identityOf({ budgetId, resourceId, budgetType }: Budget) {
  return { budget_id: budgetId, resource_id: resourceId, budget_type: budgetType };
}

export function windowStarted({ counter, budget }: OpenedCounter, at: number): Happening {
  const { currency, value } = counter;
  return {
    type: "budget.window_started",
    at,
    subject: budget.budgetId,
    about: { kind: "budget", budget, value },
    data: {
      ...identityOf(budget),
      budget_amount: numberOf(budget.amount, currency),
      budget_amount_usd: usdOf(budget.amount, currency),
      currency,
      value,
      window: windowOf(counter),
      timestamp: formatInstant(at),
    },
  };
}

export function budgetChanged(
  { at, budget, deleted }: BudgetEntry,
  before: Budget | Key | null | undefined,
): Happening {
  const [was, is] = [
    before && "budgetId" in before ? budgetToJson(before) : null,
    budgetToJson(budget),
  ];
  const change = deleted ? "deleted" : was ? "changed" : "created";
  return {
    type: "budget.changed",
    at,
    subject: budget.budgetId,
    about: { kind: "budget", budget, value: null },
    data: {
      budget_id: budget.budgetId,
      change,
      fields: was && !deleted ? differing(was, is) : [],
      budget: is,
      timestamp: formatInstant(at),
    },
  };
}

/** The names of the fields that differ. */
export function differing(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(after).filter(
    (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
  );
}

function definedBudget(budget: Budget | undefined): Budget {
  assert(budget !== undefined, "a threshold belongs to a budget that was defined before");
  return budget;
}

/** A budget without a start counts from the epoch on; it has no start. */
export function windowOf({ windowStart, windowEnd }: CounterKey) {
  return {
    start: windowStart === 0 ? null : formatInstant(windowStart),
    end: windowEnd === null ? null : formatInstant(windowEnd),
  };
}

export function numberOf(amount: bigint, currency: Currency): number {
  return currency === "USD" ? toNumber(pico(amount)) : Number(amount);
}

export function usdOf(amount: bigint, currency: Currency): string | null {
  return currency === "USD" ? formatAmount(amount, currency) : null;
}

/** Six decimals; the division is exact before it is rounded down. */
function shareOf(spent: bigint, limit: bigint): number {
  return Number((spent * 1_000_000n) / limit) / 1_000_000;
}
