/** A counter: how much of one budget is spent and held, for one value in one window. */

import type { Budget, Currency } from "../budget/budget.ts";
import type { CounterKey, Quantities } from "./entry.ts";

/** Changed by `Books.apply` alone. Amounts are in the unit of the key's currency and never negative. */
export interface Counter {
  readonly key: CounterKey;
  readonly id: string;
  spent: bigint;
  held: bigint;
  overrun: bigint;
  /** Thresholds that have fired, as parts per million. */
  fired: readonly number[];
  /** How many open holds refer to it: while there are any, it stays in memory. */
  openHolds: number;
}

/** What is kept of a counter; an absent one stands at zero. */
export interface CounterState {
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
  readonly fired: readonly number[];
}

export const untouched: CounterState = { spent: 0n, held: 0n, overrun: 0n, fired: [] };

/** A counter as it stands. `available` is negative after an overrun. */
export interface Balance {
  readonly counter: CounterKey;
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly available: bigint;
  /** What charges above their holds have taken past the limit. */
  readonly overrun: bigint;
}

/** The same text for the same counter; budgets, values and windows cannot run into each other. */
export function counterId(key: CounterKey): string {
  return `${key.budgetId}\n${key.value}\n${key.windowStart}\n${key.windowEnd}\n${key.currency}`;
}

/** The amount that a counter of this currency counts. */
export function amountIn(currency: Currency, quantities: Quantities): bigint {
  if (currency === "USD") return quantities.usd;
  return currency === "tokens" ? quantities.tokens : quantities.requests;
}

export function available(counter: Counter, budget: Budget): bigint {
  return budget.amount - counter.spent - counter.held;
}

export function balanceOf(counter: Counter, budget: Budget): Balance {
  return {
    counter: counter.key,
    limit: budget.amount,
    spent: counter.spent,
    held: counter.held,
    available: available(counter, budget),
    overrun: counter.overrun,
  };
}

/** Whether a threshold that pauses has fired in this window. */
export function isPaused(counter: Counter, budget: Budget): boolean {
  return (
    counter.fired.length > 0 &&
    budget.thresholds.some((threshold) => threshold.action === "pause" && counter.fired.includes(threshold.partsPerMillion))
  );
}

/** Whether it is no different from one that does not exist. */
export function isUntouched({ spent, held, overrun }: CounterState): boolean {
  return spent === 0n && held === 0n && overrun === 0n;
}
