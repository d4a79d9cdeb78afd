/** The event that asks people for more money, with what they can do about it. */

import { assert } from "../assert.ts";
import { everyValue } from "../budget/applies.ts";
import { formatAmount } from "../budget/amount.ts";
import type { Budget } from "../budget/budget.ts";
import { formatInstant } from "../input/scalar.ts";
import type { BudgetAskEntry } from "../ledger/entry.ts";
import { identityOf, numberOf, usdOf, windowOf } from "./budget-events.ts";
import type { Happening } from "./event.ts";

export function approvalRequested(entry: BudgetAskEntry, budget: Budget | undefined): Happening {
  assert(budget !== undefined, "a question is about a budget that was defined before");
  const { at, counter, needed, available, until } = entry;
  const { currency, value } = counter;
  const { budgetId } = budget;
  const text = (amount: bigint): string => formatAmount(amount, currency);
  const missing = text(needed - available);
  return {
    type: "budget.approval_requested",
    at,
    subject: budgetId,
    about: { kind: "budget", budget, value },
    data: {
      ...identityOf(budget),
      value,
      needed: text(needed),
      available: text(available),
      missing,
      budget_amount: numberOf(budget.amount, currency),
      budget_amount_usd: usdOf(budget.amount, currency),
      currency,
      window: windowOf(counter),
      asked_at: formatInstant(at),
      expires_at: formatInstant(until),
      ...answersTo(budget, { value, missing, askedAt: formatInstant(at) }),
      timestamp: formatInstant(at),
    },
  };
}

/** How to approve and how to decline, over the API and on the command line: this question only. */
function answersTo(
  { budgetId, resourceId }: Budget,
  {
    value,
    missing,
    askedAt,
  }: { readonly value: string; readonly missing: string; readonly askedAt: string },
) {
  const isNamed = resourceId === everyValue;
  const path = `/api/v1/budgets/${encodeURIComponent(budgetId)}`;
  const words = [quoted(budgetId), ...(isNamed ? ["--value", quoted(value)] : [])].join(" ");
  const body = { ...(isNamed && { value }), asked_at: askedAt };
  const approve = `purser budget extend ${words} --amount ${missing} --asked-at ${askedAt}`;
  const decline = `purser budget decline ${words} --asked-at ${askedAt}`;
  return {
    remedy: `Approve at least ${missing} with \`${approve}\`, or decline with \`${decline}\`.`,
    approve: {
      method: "POST",
      path: `${path}/extend`,
      body: { amount: missing, ...body },
      command: approve,
    },
    decline: { method: "POST", path: `${path}/decline`, body, command: decline },
  };
}

/** For a shell: ids and values are chosen by callers. */
function quoted(text: string): string {
  return /^[\w.:@/-]+$/.test(text) && !text.startsWith("-")
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
