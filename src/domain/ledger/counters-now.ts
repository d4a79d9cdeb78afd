/**
 * Finds the counters for a late or corrected charge, after a budget has changed which calls it
 * counts.
 */

import { selectBudgets } from "./applicable.ts";
import { valueFor } from "../budget/applies.ts";
import { amountIn, counterId, type Counter } from "./counter.ts";
import type { CounterKey, Quantities } from "./entry.ts";
import type { PastAttempt } from "./past.ts";
import { countedWindow, isWithin } from "./recount.ts";
import type { LedgerView } from "./view.ts";

type Definitions = Pick<LedgerView, "budgets" | "keys" | "recounted">;

/** Fields of the entry if the counters are no longer those of the call. */
export interface Moved {
  readonly counters?: readonly CounterKey[];
}

/**
 * A budget recounted since the call was held has the call's charge on its current counter, so
 * changes to the charge go there too. Other budgets keep the charge where it was made. A budget
 * whose definition changed again, to windows without the call, has it on no counter in use.
 *
 * @param change Added to the counters; a recounted counter never falls below zero.
 */
export function countersNow(
  books: LedgerView,
  past: PastAttempt,
  change: Quantities,
): { readonly counters: readonly Counter[]; readonly moved: Moved } {
  const own = past.counters;
  const recounted = recountedKeys(books, past).filter((key) => {
    const isOwn = own.some((other) => counterId(other) === counterId(key));
    return isOwn || books.counter(key).spent + amountIn(key.currency, change) >= 0n;
  });
  const kept = own.filter(
    (key) =>
      books.recounted(key.budgetId, past.at) === "never" ||
      recounted.some((other) => counterId(other) === counterId(key)),
  );
  const added = recounted.filter(
    (key) => !kept.some((other) => counterId(other) === counterId(key)),
  );
  const keys = [...kept, ...added];
  const isUnchanged = added.length === 0 && kept.length === own.length && !past.hasMoved;
  return {
    counters: keys.map((key) => books.counter(key)),
    moved: isUnchanged ? {} : { counters: keys },
  };
}

/**
 * The counters of the budgets that were recounted since the call was held and now count it. A charge
 * that was recorded after a window is on no counter of that window.
 */
export function recountedKeys(
  books: Definitions,
  call: Pick<PastAttempt, "at" | "recordedAt" | "attribution" | "route">,
): readonly CounterKey[] {
  const { at, recordedAt = at, attribution, route } = call;
  const budgets = (route.keyId === null ? undefined : books.keys.get(route.keyId)?.budgets) ?? [];
  return selectBudgets(books.budgets, { attribution, route, budgets })
    .filter(({ budgetId }) => books.recounted(budgetId, at) === "now")
    .flatMap((budget): readonly CounterKey[] => {
      const window = countedWindow(budget, at);
      if (!isWithin(window, at) || !isWithin(window, recordedAt)) return [];
      const { budgetId, currency } = budget;
      return [
        {
          budgetId,
          value: valueFor(budget, attribution),
          windowStart: window.start,
          windowEnd: window.end,
          currency,
        },
      ];
    });
}
