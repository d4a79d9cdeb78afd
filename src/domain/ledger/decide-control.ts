/** Decides what people do with budgets in use: pause, resume, extend. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { windowAt } from "../budget/window.ts";
import { PurserError } from "../error.ts";
import type {
  ControlAnswerOf,
  ControlCommand,
  ExtendBudgetCommand,
  PauseBudgetCommand,
  ResumeBudgetCommand,
} from "./control-command.ts";
import { balanceOf, pausingThresholds, type Counter } from "./counter.ts";
import { currentCounter } from "./current-counter.ts";
import { noSuchBudget } from "./decide-budget.ts";
import type { Decided } from "./decided.ts";
import { countedWindow } from "./recount.ts";
import { replacesModels } from "./replacements.ts";
import type { LedgerView } from "./view.ts";

/** @throws PurserError `not_found`, or `invalid_request` for a value that the budget has not. */
export function decidePause(
  books: LedgerView,
  command: PauseBudgetCommand,
): Decided<ControlAnswerOf["pause_budget"]> {
  const { at, budgetId, by, reason } = command;
  const value = valueOf(budgetFor(books, command), command);
  const isPaused = books
    .pausesOf(budgetId)
    .some((pause) => pause.value === null || pause.value === value);
  if (isPaused) return { answer: { repeated: true }, entries: [] };
  return {
    answer: { repeated: false },
    entries: [{ kind: "budget_pause", at, budgetId, value, by, reason }],
  };
}

/**
 * Without a value, the whole budget and all its values are resumed.
 *
 * @throws PurserError `not_found`, `invalid_request` for a value that the budget has not, `conflict`
 *   for a value of a budget that is paused as a whole.
 */
export function decideResume(
  books: LedgerView,
  command: ResumeBudgetCommand,
): Decided<ControlAnswerOf["resume_budget"]> {
  const { at, budgetId, by, reason } = command;
  const budget = budgetFor(books, command);
  const value = valueOf(budget, command);
  const pauses = books.pausesOf(budgetId);
  if (value !== null && pauses.some((pause) => pause.value === null)) {
    throw new PurserError("conflict", `value: budget "${budgetId}" is paused as a whole`, {
      field: "value",
      remedy: "Resume the budget without a value.",
    });
  }
  const ended = pauses.filter((pause) => value === null || pause.value === value);
  const lifted = countersOf(books, budget, { at, value }).flatMap((counter) => {
    const thresholds = pausingThresholds(counter, budget);
    return thresholds.length === 0 ? [] : [{ counter: counter.key, thresholds }];
  });
  if (ended.length === 0 && lifted.length === 0 && !hasReplacements(books, { at, budgetId, value }))
    return { answer: { repeated: true }, entries: [] };
  return {
    answer: { repeated: false },
    entries: [{ kind: "budget_resume", at, budgetId, value, by, reason, lifted }],
  };
}

/**
 * @throws PurserError `not_found`, `invalid_request` without the value of a budget for every value,
 *   `conflict` outside the only window of a budget.
 */
export function decideExtend(
  books: LedgerView,
  command: ExtendBudgetCommand,
): Decided<ControlAnswerOf["extend_budget"]> {
  const { at, budgetId, amount, by, reason } = command;
  const budget = budgetFor(books, command);
  const value = counterValue(budget, command);
  if (typeof windowAt(budget, at) === "string") {
    throw new PurserError("conflict", `the window of budget "${budgetId}" is not open`, {
      field: "budget_id",
      remedy: "Change its start and end, or create a budget whose window is open.",
    });
  }
  const counter = books.counter(currentCounter(budget, { at, value }));
  const { controls } = counter;
  const extended = { ...counter, controls: { ...controls, granted: controls.granted + amount } };
  return {
    answer: { balance: balanceOf(extended, budget) },
    entries: [{ kind: "budget_extension", at, counter: counter.key, amount, by, reason }],
  };
}

/** Whether a rule serves calls of the budget by cheaper models now. */
function hasReplacements(
  { rules, alerts }: LedgerView,
  { at, budgetId, value }: Pick<ResumeBudgetCommand, "at" | "budgetId" | "value">,
): boolean {
  return [...alerts.values()].some(
    (alert) =>
      alert.budgetId === budgetId &&
      (value === null || alert.value === value) &&
      (alert.until === null || at < alert.until) &&
      replacesModels(rules.get(alert.ruleId), alert),
  );
}

/**
 * The value of a single counter; null for the only one.
 *
 * @throws PurserError `invalid_request` without the value of a budget for every value.
 */
export function counterValue(budget: Budget, command: ControlCommand): string | null {
  const value = valueOf(budget, command);
  if (value !== null || budget.resourceId !== everyValue) return value;
  const problem = `value is missing: "${budget.budgetId}" has a counter for each value`;
  throw new PurserError("invalid_request", problem, {
    field: "value",
    remedy: "Name the value whose counter is meant.",
  });
}

export function budgetFor(books: LedgerView, { budgetId }: ControlCommand): Budget {
  const budget = books.budgets.get(budgetId);
  if (!budget) throw noSuchBudget(budgetId);
  return budget;
}

/** @returns Null for the whole budget. */
function valueOf({ budgetId, resourceId }: Budget, { value }: ControlCommand): string | null {
  if (resourceId === everyValue || value === null) return value;
  if (value === resourceId) return null;
  throw new PurserError("invalid_request", `value: budget "${budgetId}" counts "${resourceId}"`, {
    field: "value",
    remedy: "Leave it out: only budgets for every value (`*`) have a counter for each.",
  });
}

function countersOf(
  books: LedgerView,
  budget: Budget,
  { at, value }: { readonly at: number; readonly value: string | null },
): readonly Counter[] {
  if (value === null && budget.resourceId === everyValue)
    return books.countersIn(budget, countedWindow(budget, at));
  return [books.counter(currentCounter(budget, { at, value }))];
}
