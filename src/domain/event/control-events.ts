/** Events about what people decide about budgets in use. */

import { assert } from "../assert.ts";
import { formatAmount } from "../budget/amount.ts";
import type { Budget } from "../budget/budget.ts";
import { formatInstant } from "../input/scalar.ts";
import type { ControlEntry } from "../ledger/controls.ts";
import { identityOf, numberOf, usdOf, windowOf } from "./budget-events.ts";
import type { Happening } from "./event.ts";

/** A control by a person or a rule. */
type Decided = Exclude<ControlEntry, { kind: "budget_ask" }>;

export function budgetControlled(entry: Decided, budget: Budget | undefined): Happening {
  assert(budget !== undefined, "a control belongs to a budget that was defined before");
  const { at, by, reason } = entry;
  const value = "counter" in entry ? entry.counter.value : entry.value;
  return {
    type: types[entry.kind],
    at,
    subject: budget.budgetId,
    about: { kind: "budget", budget, value },
    data: {
      ...identityOf(budget),
      value,
      ...(entry.kind === "budget_extension" && extensionOf(entry, budget)),
      ...(entry.kind === "budget_decline" && { declined_until: formatInstant(entry.until) }),
      reason,
      by,
      timestamp: formatInstant(at),
    },
  };
}

const types = {
  budget_pause: "budget.paused",
  budget_resume: "budget.resumed",
  budget_extension: "budget.extended",
  budget_decline: "budget.approval_declined",
} as const;

function extensionOf(
  { amount, counter }: Extract<ControlEntry, { kind: "budget_extension" }>,
  budget: Budget,
) {
  const { currency } = counter;
  return {
    amount: formatAmount(amount, currency),
    budget_amount: numberOf(budget.amount, currency),
    budget_amount_usd: usdOf(budget.amount, currency),
    currency,
    window: windowOf(counter),
  };
}
