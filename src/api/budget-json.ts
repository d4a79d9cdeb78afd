/** Budgets and their counters as JSON. */

import type { BudgetState } from "../app/manage/manage-budgets.ts";
import type { BudgetCounterJson, BudgetJson, BudgetPauseJson } from "../contract/budget.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import type { Currency } from "../domain/budget/budget.ts";
import { budgetToJson } from "../domain/budget/json.ts";
import { shareOf } from "../domain/budget/threshold.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { Balance, BalancePause } from "../domain/ledger/counter.ts";
import { windowJson } from "./window.ts";

export function budgetJson({ budget, window, sums, paused }: BudgetState): BudgetJson {
  const amount = (value: bigint): string => formatAmount(value, budget.currency);
  const [lowest] = budget.thresholds;
  return {
    ...budgetToJson(budget),
    warning_threshold: lowest ? shareOf(lowest) : null,
    window: window && windowJson(window),
    spent: amount(sums.spent),
    held: amount(sums.held),
    available: sums.available === null ? null : amount(sums.available),
    overrun: amount(sums.overrun),
    granted: sums.granted === null ? null : amount(sums.granted),
    paused: pauseJson(paused),
  };
}

export function counterJson(balance: Balance, currency: Currency): BudgetCounterJson {
  const { counter, spent, held, available, overrun, granted, paused } = balance;
  return {
    value: counter.value,
    spent: formatAmount(spent, currency),
    held: formatAmount(held, currency),
    available: formatAmount(available, currency),
    overrun: formatAmount(overrun, currency),
    granted: formatAmount(granted, currency),
    paused: pauseJson(paused),
  };
}

function pauseJson(paused: BalancePause | null): BudgetPauseJson | null {
  if (!paused) return null;
  const { by, reason, at } = paused;
  return { by, reason, since: at === null ? null : formatInstant(at) };
}
