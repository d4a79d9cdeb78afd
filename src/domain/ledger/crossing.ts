/** Finds the budget thresholds that an amount reaches and that have not fired on its counter. */

import type { Budget } from "../budget/budget.ts";
import { limitOf, type Counter } from "./counter.ts";
import type { ThresholdEntry } from "./entry.ts";

/** @param to.spent The new spent amount of the counter. */
export function crossings(
  budget: Budget,
  {
    counter,
    spent,
    at,
  }: {
    readonly counter: Pick<Counter, "key" | "fired" | "controls">;
    readonly spent: bigint;
    readonly at: number;
  },
): readonly ThresholdEntry[] {
  if (spent === 0n) return [];
  const crossed: ThresholdEntry[] = [];
  const limit = limitOf(counter, budget);
  const marks = limit === budget.amount ? marksOf(budget) : computeMarks(budget, limit);
  for (const { partsPerMillion, amount } of marks) {
    if (spent < amount || counter.fired.includes(partsPerMillion)) continue;
    const { key } = counter;
    crossed.push({
      kind: "threshold",
      at,
      counter: key,
      partsPerMillion,
      spent,
      limit,
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
    marks = computeMarks(budget, budget.amount);
    known.set(budget, marks);
  }
  return marks;
}

/** Shares of the limit: of the amount, and of what was granted. */
function computeMarks({ thresholds }: Budget, limit: bigint): readonly Mark[] {
  return thresholds.map(({ partsPerMillion }) => ({
    partsPerMillion,
    amount: (limit * BigInt(partsPerMillion) + 999_999n) / 1_000_000n,
  }));
}
