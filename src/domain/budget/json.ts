/** Serializes a budget for the API. */

import { formatInstant } from "../input/scalar.ts";
import { formatAmount } from "./amount.ts";
import type { Budget } from "./budget.ts";
import { exhaustedToJson } from "./exhausted.ts";
import { shareOf } from "./threshold.ts";
import { unpricedToJson } from "./unpriced.ts";

/** The inverse of `defineBudget`, round-trip safe. Money as decimal strings, times as RFC 3339. */
export function budgetToJson(budget: Budget) {
  return {
    budget_id: budget.budgetId,
    parent_budget_id: budget.parentBudgetId,
    budget_type: budget.budgetType,
    resource_id: budget.resourceId,
    unattributed: budget.unattributed ?? ("ignore" as const),
    amount: formatAmount(budget.amount, budget.currency),
    currency: budget.currency,
    period: budget.period,
    time_zone: budget.timeZone,
    anchor: budget.period === "once" ? null : budget.anchor,
    start: budget.start === null ? null : formatInstant(budget.start),
    end: budget.end === null ? null : formatInstant(budget.end),
    policy: budget.policy,
    ...exhaustedToJson(budget),
    thresholds: budget.thresholds.map((threshold) => ({
      at: shareOf(threshold),
      action: threshold.action,
    })),
    mode: budget.mode,
    models: budget.models,
    providers: budget.providers,
    unpriced: unpricedToJson(budget.unpriced),
  };
}
