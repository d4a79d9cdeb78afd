/** Decides the questions of budgets that ask: whether to ask, and an answer without money. */

import { PurserError } from "../error.ts";
import type { AskBudgetCommand, ControlAnswerOf, DeclineBudgetCommand } from "./control-command.ts";
import { balanceOf, openQuestion } from "./counter.ts";
import { currentCounter } from "./current-counter.ts";
import { budgetFor, checkQuestion, counterValue } from "./decide-control.ts";
import type { Decided } from "./decided.ts";
import { everyValue } from "../budget/applies.ts";
import { windowAt } from "../budget/window.ts";
import { roomIn } from "./reserve.ts";
import type { LedgerView } from "./view.ts";

/**
 * Opens one question per counter, shared by all waiting calls until it is answered or expires. If the
 * budget was changed meanwhile, it may no longer ask, or may have room: the call then tries again.
 */
export function decideAsk(
  books: LedgerView,
  { at, budgetId, value, needed }: AskBudgetCommand,
): Decided<ControlAnswerOf["ask_budget"]> {
  const closed = { answer: { open: false }, entries: [] };
  const budget = books.budgets.get(budgetId);
  const isCounted = budget?.resourceId === everyValue || budget?.resourceId === value;
  if (!budget?.asks || !isCounted || typeof windowAt(budget, at) === "string") return closed;
  const counter = books.counter(currentCounter(budget, { at, value }));
  const { question } = counter.controls;
  if (question && at < question.until)
    return { answer: { open: question.declined === null }, entries: [] };
  const available = roomIn({ budget, counter }, null);
  if (needed <= available) return closed;
  const until = at + budget.asks.timeoutMs;
  return {
    answer: { open: true },
    entries: [{ kind: "budget_ask", at, counter: counter.key, needed, available, until }],
  };
}

/**
 * @throws PurserError `not_found`, `invalid_request` without the value of a budget for every value,
 *   `conflict` if no question is open.
 */
export function decideDecline(
  books: LedgerView,
  command: DeclineBudgetCommand,
): Decided<ControlAnswerOf["decline_budget"]> {
  const { at, by, reason } = command;
  const budget = budgetFor(books, command);
  const counter = books.counter(
    currentCounter(budget, { at, value: counterValue(budget, command) }),
  );
  checkQuestion(counter.controls.question, command);
  const question = openQuestion(counter.controls.question, at);
  if (!question || !budget.asks)
    throw new PurserError("conflict", `budget "${budget.budgetId}" has no open question`, {
      field: "budget_id",
      remedy: "Nothing has to be declined: no call asks for more money now.",
    });
  const until = at + budget.asks.timeoutMs;
  const answered = { ...question, until, declined: { by, reason } };
  const balance = { ...balanceOf(counter, budget), question: answered };
  return {
    answer: { balance },
    entries: [{ kind: "budget_decline", at, counter: counter.key, by, reason, until }],
  };
}
