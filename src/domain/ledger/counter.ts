/** A counter tracks how much of one budget is spent and held, for one value in one window. */

import type { Budget, Currency } from "../budget/budget.ts";
import type { CounterKey, Quantities } from "./entry.ts";

/**
 * Only `Books.apply` changes it. Amounts are in the unit of the key's currency and never negative.
 */
export interface Counter {
  readonly key: CounterKey;
  readonly id: string;
  spent: bigint;
  held: bigint;
  overrun: bigint;
  /** Thresholds that have fired, in parts per million. */
  fired: readonly number[];
  /** The number of open holds that refer to it; it stays in memory while there are any. */
  openHolds: number;
}

/** The persisted state of a counter; an absent one is zero. */
export interface CounterState {
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
  readonly fired: readonly number[];
}

export const untouched: CounterState = { spent: 0n, held: 0n, overrun: 0n, fired: [] };

/** The current state of a counter. `available` is negative after an overrun. */
export interface Balance {
  readonly counter: CounterKey;
  readonly limit: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly available: bigint;
  /** The amount past the limit, from charges that exceeded their holds. */
  readonly overrun: bigint;
}

/** A unique text for each counter: ids, values and windows are delimited unambiguously. */
export function counterId(key: CounterKey): string {
  return `${key.budgetId}\n${key.value}\n${key.windowStart}\n${key.windowEnd}\n${key.currency}`;
}

/** The amount counted by a counter of this currency. */
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
    budget.thresholds.some(
      (threshold) =>
        threshold.action === "pause" && counter.fired.includes(threshold.partsPerMillion),
    )
  );
}

/** Whether it equals a counter that does not exist. */
export function isUntouched({ spent, held, overrun }: CounterState): boolean {
  return spent === 0n && held === 0n && overrun === 0n;
}
