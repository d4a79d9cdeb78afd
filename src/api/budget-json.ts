/** Budgets and their counters as JSON. */

import type { Approval, BudgetState, ObservedBalance } from "../app/manage/manage-budgets.ts";
import type {
  BudgetApprovalJson,
  BudgetCounterJson,
  BudgetJson,
  BudgetPauseJson,
} from "../contract/budget.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import type { Budget, Currency } from "../domain/budget/budget.ts";
import { budgetToJson } from "../domain/budget/json.ts";
import { shareOf } from "../domain/budget/threshold.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { BalancePause } from "../domain/ledger/counter.ts";
import { windowJson } from "./window.ts";

/** A budget for every user may have paused thousands; its counters have all. */
const shownValues = 100;

export function budgetJson(state: BudgetState): BudgetJson {
  const { budget, window, sums, paused, pausedValues, approval } = state;
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
    available_for_ordinary_calls: ordinary(budget, sums.available),
    granted: sums.granted === null ? null : amount(sums.granted),
    paused: pauseJson(paused),
    paused_values: pausedValues.slice(0, shownValues),
    approval: approvalJson(approval, budget.currency),
  };
}

export function counterJson(balance: ObservedBalance, budget: Budget): BudgetCounterJson {
  const { currency } = budget;
  const { counter, spent, held, available, overrun, granted, paused, approval } = balance;
  return {
    value: counter.value,
    spent: formatAmount(spent, currency),
    held: formatAmount(held, currency),
    available: formatAmount(available, currency),
    overrun: formatAmount(overrun, currency),
    available_for_ordinary_calls: ordinary(budget, available),
    granted: formatAmount(granted, currency),
    paused: pauseJson(paused),
    approval: approvalJson(approval, currency),
  };
}

function ordinary({ reserveForClosing, currency }: Budget, left: bigint | null): string | null {
  if (reserveForClosing === undefined || left === null) return null;
  return formatAmount(left - reserveForClosing, currency);
}

function approvalJson(approval: Approval | null, currency: Currency): BudgetApprovalJson | null {
  if (!approval) return null;
  const { value, askedAt, until, needed, available, waiting } = approval;
  return {
    value,
    asked_at: formatInstant(askedAt),
    expires_at: formatInstant(until),
    needed: formatAmount(needed, currency),
    available: formatAmount(available, currency),
    waiting,
  };
}

function pauseJson(paused: BalancePause | null): BudgetPauseJson | null {
  if (!paused) return null;
  const { by, reason, at } = paused;
  return { by, reason, since: at === null ? null : formatInstant(at) };
}
