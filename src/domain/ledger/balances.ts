/** The balances of a budget: its counters in the current window. */

import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { balanceOf, type Balance } from "./counter.ts";
import { currentCounter } from "./current-counter.ts";
import type { CounterKey } from "./entry.ts";
import { noNeeds, type Needs } from "./needs.ts";
import { countedWindow } from "./recount.ts";
import type { LedgerView } from "./view.ts";

/** Which counters: of the window at a time, and of one value or all. */
export interface BalanceQuery {
  readonly at: number;
  /** Of a budget for every value (`*`); absent for all. */
  readonly value?: string;
}

/** One balance, or one per value for `*`. */
export function balancesOf(
  view: LedgerView,
  budget: Budget,
  query: BalanceQuery,
): readonly Balance[] {
  const counters = isOfAllValues(budget, query)
    ? view.countersIn(budget, countedWindow(budget, query.at))
    : [view.counter(counterOf(budget, query))];
  return counters.map((counter) => balanceOf(counter, budget));
}

export function needsOfBalances(budget: Budget, query: BalanceQuery): Needs {
  return isOfAllValues(budget, query)
    ? { ...noNeeds, windows: [{ budget, window: countedWindow(budget, query.at) }] }
    : { ...noNeeds, counters: [counterOf(budget, query)] };
}

function isOfAllValues({ resourceId }: Budget, { value }: BalanceQuery): boolean {
  return resourceId === everyValue && value === undefined;
}

function counterOf(budget: Budget, { at, value }: BalanceQuery): CounterKey {
  const isEach = budget.resourceId === everyValue;
  return currentCounter(budget, { at, value: isEach ? (value ?? null) : null });
}
