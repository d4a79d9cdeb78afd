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
  const crossed: ThresholdEntry[] = [];
  for (const { partsPerMillion, amount } of marksOf(budget)) {
    if (spent < amount || counter.fired.includes(partsPerMillion)) continue;
    const { key } = counter;
    crossed.push({
      kind: "threshold",
      at,
      counter: key,
      partsPerMillion,
      spent,
      limit: budget.amount,
    });
  }
  return crossed;
}

/** A threshold as the smallest amount that reaches it. */
interface Mark {
  readonly partsPerMillion: number;
  readonly amount: bigint;
}

/** Every settlement compares with all of them. Computing them each time took 2% of a call. */
const known = new WeakMap<Budget, readonly Mark[]>();

function marksOf(budget: Budget): readonly Mark[] {
  let marks = known.get(budget);
  if (!marks) {
    marks = budget.thresholds.map(({ partsPerMillion }) => ({
      partsPerMillion,
      amount: (budget.amount * BigInt(partsPerMillion) + 999_999n) / 1_000_000n,
    }));
    known.set(budget, marks);
  }
  return marks;
}
