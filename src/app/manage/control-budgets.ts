/** Pauses, resumes and extends budgets while they run. */

import { formatAmount, parseAmount } from "../../domain/budget/amount.ts";
import { invalid } from "../../domain/input/fields.ts";
import { announceControl } from "../hold/announce.ts";
import { findBudget, type BudgetContext } from "./manage-budgets.ts";

/** What a person or a rule decides about a budget. */
export interface Control {
  readonly budgetId: string;
  /** One value of a budget for every value (`*`); null for the whole budget. */
  readonly value: string | null;
  /** The id of the key, `admin`, or the rule. */
  readonly by: string;
  readonly reason: string | null;
}

/** To a question. */
export interface Answer extends Control {
  /** When it was asked, to answer no other; without it, whichever is open. */
  readonly askedAt?: number;
}

type ControlContext = Pick<BudgetContext, "ledger" | "clock" | "waiting" | "observer">;

/**
 * Refuses new calls of the budget until it is resumed, across windows and restarts. Calls under way
 * go on. A budget that is paused already stays as it is.
 *
 * @returns Whether it was paused before.
 * @throws PurserError `not_found`, or `invalid_request` for a value that the budget does not have.
 */
export async function pauseBudget(context: ControlContext, control: Control): Promise<boolean> {
  const at = context.clock.now();
  const answer = await context.ledger.commit({ kind: "pause_budget", at, ...control });
  announceControl(context);
  return answer.repeated;
}

/**
 * Ends all pauses of the budget, or of one of its values. A threshold that paused it does not pause
 * again in the same window.
 *
 * @returns Whether it was not paused.
 * @throws PurserError as {@link pauseBudget}; `conflict` for a value if the whole budget is paused.
 */
export async function resumeBudget(context: ControlContext, control: Control): Promise<boolean> {
  const at = context.clock.now();
  const answer = await context.ledger.commit({ kind: "resume_budget", at, ...control });
  announceControl(context);
  return answer.repeated;
}

/**
 * Adds to the limit of the current window. Calls that wait for room go on.
 *
 * @param extension.amount Decimal, in the budget's currency, above zero.
 * @throws PurserError as {@link pauseBudget}; `invalid_request` for an amount, or without the value
 *   of a budget for every value; `conflict` outside its only window, or if the question was
 *   answered.
 */
export async function extendBudget(
  context: ControlContext,
  { amount: text, ...control }: Answer & { readonly amount: unknown },
): Promise<void> {
  const { currency } = findBudget(context.ledger, control.budgetId);
  const remedy = "Give more than zero.";
  const amount = parseAmount(text, { currency, field: "amount", remedy });
  if (amount === 0n) throw invalid("amount", `is ${formatAmount(amount, currency)}`, remedy);
  const at = context.clock.now();
  await context.ledger.commit({ kind: "extend_budget", at, ...control, amount });
  announceControl(context);
}

/**
 * Answers the open question of a budget: it gets no more money. Waiting calls are refused, and for
 * a while new ones do not ask again.
 *
 * @throws PurserError as {@link extendBudget}; `conflict` if no question is open.
 */
export async function declineBudget(context: ControlContext, control: Answer): Promise<void> {
  const at = context.clock.now();
  await context.ledger.commit({ kind: "decline_budget", at, ...control });
  announceControl(context);
}
