/** The counter of a budget in its current window. */

import type { Budget } from "../budget/budget.ts";
import type { CounterKey } from "./entry.ts";
import { countedWindow } from "./recount.ts";

/** @param of.value The value to count, for a budget that counts each value on its own. */
export function currentCounter(
  budget: Budget,
  { at, value = null }: { readonly at: number; readonly value?: string | null },
): CounterKey {
  const { budgetId, resourceId, currency } = budget;
  const { start, end } = countedWindow(budget, at);
  return { budgetId, value: value ?? resourceId, windowStart: start, windowEnd: end, currency };
}
