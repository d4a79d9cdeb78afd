/** The counters of an ended call, when its charge changes after a budget has changed what it counts. */

import { selectBudgets } from "./applicable.ts";
import { valueFor } from "../budget/applies.ts";
import type { Books } from "./books.ts";
import { amountIn, counterId, type Counter } from "./counter.ts";
import type { CounterKey, Quantities } from "./entry.ts";
import type { PastAttempt } from "./past.ts";
import { countedWindow, isWithin } from "./recount.ts";

/** What the entry says where the counters are no longer those of the call. */
export interface Moved {
  readonly counters?: readonly CounterKey[];
}

/**
 * A budget that was counted anew since the call was held has the call's charge on the counter that it has now; so what changes of
 * the charge belongs there, too. Other budgets keep it where it was charged.
 *
 * @param change To be added to the counters; what was counted anew never falls below nothing.
 */
export function countersNow(
  books: Books,
  past: PastAttempt,
  change: Quantities,
): { readonly counters: readonly Counter[]; readonly moved: Moved } {
  const own = past.counters;
  const recounted = recountedKeys(books, past).filter((key) => {
    const isOwn = own.some((other) => counterId(other) === counterId(key));
    return isOwn || books.counter(key).spent + amountIn(key.currency, change) >= 0n;
  });
  const kept = own.filter(
    (key) => !isCountedAnew(books, key.budgetId, past) || recounted.some((other) => counterId(other) === counterId(key)),
  );
  const added = recounted.filter((key) => !kept.some((other) => counterId(other) === counterId(key)));
  const keys = [...kept, ...added];
  const isAsItWas = added.length === 0 && kept.length === own.length && !past.hasMoved;
  return { counters: keys.map((key) => books.counter(key)), moved: isAsItWas ? {} : { counters: keys } };
}

function recountedKeys(books: Books, { at, attribution, route }: PastAttempt): readonly CounterKey[] {
  const budgets = (route.keyId === null ? undefined : books.keys.get(route.keyId)?.budgets) ?? [];
  return selectBudgets(books.budgets, { attribution, route, budgets })
    .filter(({ budgetId }) => isCountedAnew(books, budgetId, { at }))
    .flatMap((budget): readonly CounterKey[] => {
      const window = countedWindow(budget, at);
      if (!isWithin(window, at)) return [];
      const { budgetId, currency } = budget;
      return [{ budgetId, value: valueFor(budget, attribution), windowStart: window.start, windowEnd: window.end, currency }];
    });
}

/** Whether the budget has counted all calls of the moment at which this one was held by what it is now. */
function isCountedAnew(books: Books, budgetId: string, { at }: Pick<PastAttempt, "at">): boolean {
  const from = books.recountedFrom(budgetId);
  return from !== undefined && at >= from;
}
