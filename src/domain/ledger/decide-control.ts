/** Decides what people do with budgets in use: pause, resume, extend. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { windowAt } from "../budget/window.ts";
import { PurserError } from "../error.ts";
import { formatInstant } from "../input/scalar.ts";
import { alertKey } from "../rule/alert.ts";
import type {
  ControlAnswerOf,
  ControlCommand,
  ExtendBudgetCommand,
  PauseBudgetCommand,
  ResumeBudgetCommand,
} from "./control-command.ts";
import { balanceOf, pausingThresholds, type Counter, type Question } from "./counter.ts";
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
  if (books.pauseOf(budgetId, value)) return { answer: { repeated: true }, entries: [] };
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
  if (value !== null && books.pauseOf(budgetId, null)) {
    throw new PurserError("conflict", `value: budget "${budgetId}" is paused as a whole`, {
      field: "value",
      remedy: "Resume the budget without a value.",
    });
  }
  const isPaused =
    value === null ? books.pausesOf(budgetId).length > 0 : books.pauseOf(budgetId, value) !== null;
  const lifted = countersOf(books, budget, { at, value }).flatMap((counter) => {
    const thresholds = pausingThresholds(counter, budget);
    return thresholds.length === 0 ? [] : [{ counter: counter.key, thresholds }];
  });
  if (!isPaused && lifted.length === 0 && !hasReplacements(books, { at, budgetId, value }))
    return { answer: { repeated: true }, entries: [] };
  return {
    answer: { repeated: false },
    entries: [{ kind: "budget_resume", at, budgetId, value, by, reason, lifted }],
  };
}

/**
 * @throws PurserError `not_found`, `invalid_request` without the value of a budget for every value,
 *   `conflict` outside the only window of a budget, or if the question was answered.
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
  checkQuestion(controls.question, command);
  const extended = { ...counter, controls: { ...controls, granted: controls.granted + amount } };
  return {
    answer: { balance: balanceOf(extended, budget) },
    entries: [{ kind: "budget_extension", at, counter: counter.key, amount, by, reason }],
  };
}

/**
 * Two people who answer the same question must not both add money. One whose time is over can still
 * be answered.
 *
 * @throws PurserError `conflict` if the question was answered, or there is a later one.
 */
export function checkQuestion(
  question: Question | null,
  { budgetId, askedAt }: Pick<ExtendBudgetCommand, "budgetId" | "askedAt">,
): void {
  if (askedAt === undefined || (question?.askedAt === askedAt && !question.declined)) return;
  const asked = formatInstant(askedAt);
  throw new PurserError(
    "conflict",
    `the question of budget "${budgetId}" at ${asked} is answered`,
    {
      field: "asked_at",
      remedy: "Look at the budget: leave `asked_at` out to decide all the same.",
    },
  );
}

/** Whether a rule serves calls of the budget by cheaper models now. */
function hasReplacements(
  { rules, alerts }: LedgerView,
  { at, budgetId, value }: Pick<ResumeBudgetCommand, "at" | "budgetId" | "value">,
): boolean {
  const about =
    value === null
      ? [...alerts.values()]
      : [...rules.keys()].flatMap((ruleId) => alerts.get(alertKey({ ruleId, value })) ?? []);
  return about.some(
    (alert) =>
      alert.budgetId === budgetId &&
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
