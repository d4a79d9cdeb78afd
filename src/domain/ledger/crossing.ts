/** Finds the budget thresholds that an amount reaches and that have not fired on its counter. */

import type { Budget } from "../budget/budget.ts";
import type { Counter } from "./counter.ts";
import type { ThresholdEntry } from "./entry.ts";

/** @param to.spent The new spent amount of the counter. */
export function crossings(
  budget: Budget,
  {
    counter,
    spent,
    at,
  }: {
    readonly counter: Pick<Counter, "key" | "fired">;
    readonly spent: bigint;
    readonly at: number;
  },
): readonly ThresholdEntry[] {
  if (spent === 0n) return [];
  return budget.thresholds
    .filter(({ partsPerMillion }) => spent * 1_000_000n >= budget.amount * BigInt(partsPerMillion))
    .filter(({ partsPerMillion }) => !counter.fired.includes(partsPerMillion))
    .map(({ partsPerMillion }) => ({
      kind: "threshold",
      at,
      counter: counter.key,
      partsPerMillion,
      spent,
      limit: budget.amount,
    }));
}
