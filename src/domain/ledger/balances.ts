/** The balances of a budget: its counters in the current window. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { balanceOf, type Balance } from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import { noNeeds, type Needs } from "./needs.ts";
import { countedWindow } from "./recount.ts";
import type { LedgerView } from "./view.ts";

/** One balance, or one per value for `*`. */
export function balancesOf(view: LedgerView, budget: Budget, at: number): readonly Balance[] {
  const counters =
    budget.resourceId === everyValue
      ? view.countersIn(budget, countedWindow(budget, at))
      : [view.counter(onlyCounter(budget, at))];
  return counters.map((counter) => balanceOf(counter, budget));
}

export function needsOfBalances(budget: Budget, at: number): Needs {
  return budget.resourceId === everyValue
    ? { ...noNeeds, windows: [{ budget, window: countedWindow(budget, at) }] }
    : { ...noNeeds, counters: [onlyCounter(budget, at)] };
}

function onlyCounter(budget: Budget, at: number): CounterKey {
  const { budgetId, resourceId, currency } = budget;
  const { start, end } = countedWindow(budget, at);
  return { budgetId, value: resourceId, windowStart: start, windowEnd: end, currency };
}
