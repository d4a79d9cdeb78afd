/** The balances of a budget: its counters in the current window. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { balanceOf, type Balance } from "./counter.ts";
import { currentCounter } from "./current-counter.ts";
import { noNeeds, type Needs } from "./needs.ts";
import { countedWindow } from "./recount.ts";
import type { LedgerView } from "./view.ts";

/** One balance, or one per value for `*`. */
export function balancesOf(view: LedgerView, budget: Budget, at: number): readonly Balance[] {
  const counters =
    budget.resourceId === everyValue
      ? view.countersIn(budget, countedWindow(budget, at))
      : [view.counter(currentCounter(budget, { at }))];
  return counters.map((counter) => balanceOf(counter, budget));
}

export function needsOfBalances(budget: Budget, at: number): Needs {
  return budget.resourceId === everyValue
    ? { ...noNeeds, windows: [{ budget, window: countedWindow(budget, at) }] }
    : { ...noNeeds, counters: [currentCounter(budget, { at })] };
}
