/** Tops up the hold of a call in flight: in all of its budgets, or in none. */

import { PurserError } from "../error.ts";
import type { Applied } from "./applicable.ts";
import type { Hold } from "./hold.ts";
import type { Quantities, TopUpEntry } from "./entry.ts";
import type { TopUpAnswer, TopUpCommand } from "./command.ts";
import { amountIn, isPausedByThreshold, limitOf } from "./counter.ts";
import { crowdedBy, refusalBy, refuses } from "./decide-hold.ts";
import type { Decided } from "./decided.ts";
import { newlyUsed } from "./reserve.ts";
import { checkShare } from "./self-reported.ts";
import { idOfOperation } from "./operation.ts";
import type { LedgerView } from "./view.ts";

/**
 * @throws PurserError `not_found` for an unknown hold, `conflict` for one that has ended, `forbidden`
 *   for more than the share of a key.
 */
export function decideTopUp(books: LedgerView, command: TopUpCommand): Decided<TopUpAnswer> {
  const { operationId, attempt, amount, at } = command;
  const hold = books.openHold(operationId);
  if (!hold || hold.attempt !== attempt) {
    throw notOpen(books, command);
  }
  const budgets = budgetsOf(books, hold);
  if (command.share) checkShare(books, budgets, { share: command.share, amount });
  if (isNothing(amount)) return { answer: lookAgain(budgets), entries: [] };
  const { closing = null } = hold;
  for (const applied of budgets) {
    const reason = refuses(applied, amount, closing);
    if (reason) {
      const needed = amountIn(applied.budget.currency, amount);
      return {
        answer: { admitted: false, refusal: refusalBy(applied, { reason, needed, closing }) },
        entries: [],
      };
    }
  }
  const crowded = command.loose ? crowdedBy(budgets, amount) : null;
  if (crowded) return { answer: { admitted: false, refusal: crowded }, entries: [] };
  const used = closing ? newlyUsed(budgets, closing, amount) : [];
  const entry: TopUpEntry = {
    kind: "top_up",
    at,
    operationId,
    attempt,
    amount,
    ...(used.length > 0 && { closing: used }),
  };
  return { answer: { admitted: true }, entries: [entry] };
}

function notOpen(books: LedgerView, { operationId, attempt }: TopUpCommand): PurserError {
  const id = idOfOperation(operationId);
  const hasEnded = books.past(operationId).some((past) => past.attempt === attempt);
  return hasEnded
    ? new PurserError("conflict", `hold "${id}" has ended`, {
        field: "operation_id",
        remedy: "A hold that ended cannot be topped up: make a new one.",
      })
    : new PurserError("not_found", `no hold "${id}"`, {
        field: "operation_id",
        remedy: "Check the id, or make a hold first.",
      });
}

/**
 * Checks whether a hold may continue unchanged: refused if a threshold paused a budget or its limit was
 * lowered below what is spent and held. An overrun blocks the next call, not this one.
 */
function lookAgain(budgets: readonly Applied[]): TopUpAnswer {
  for (const applied of budgets) {
    const { budget, counter } = applied;
    if (budget.policy === "soft") continue;
    const reason = isPausedByThreshold(counter, budget)
      ? "budget_paused"
      : counter.spent + counter.held - counter.overrun > limitOf(counter, budget)
        ? "budget_exhausted"
        : null;
    if (reason) return { admitted: false, refusal: refusalBy(applied, { reason, needed: 0n }) };
  }
  return { admitted: true };
}

function isNothing({ usd, tokens, requests }: Quantities): boolean {
  return usd === 0n && tokens === 0n && requests === 0n;
}

/**
 * The hold's counters, in its original window, with the current state of their budgets. A deleted
 * budget limits nothing.
 */
export function budgetsOf(books: LedgerView, hold: Pick<Hold, "counters">): readonly Applied[] {
  const applied: Applied[] = [];
  for (const counter of hold.counters) {
    const budget = books.budgets.get(counter.key.budgetId);
    if (budget && budget.currency === counter.key.currency)
      applied.push({ budget, counter, closed: false });
  }
  return applied;
}
