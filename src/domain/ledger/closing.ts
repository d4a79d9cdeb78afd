/** Remembers in each counter which runs have had their closing call. */

import type { Counter } from "./counter.ts";
import type { Hold } from "./hold.ts";

/** The counters whose reserve the call uses remember its run: it may not close a second time. */
export function closeRun(hold: Hold): void {
  const { run } = hold.closing ?? {};
  if (run === undefined) return;
  for (const counter of closedBy(hold))
    if (!counter.closings.includes(run)) counter.closings = [...counter.closings, run];
}

/** A closing call that failed, or moved away, gives its run the closing call back. */
export function reopenRun(hold: Hold): void {
  for (const counter of closedBy(hold))
    counter.closings = counter.closings.filter((other) => other !== hold.closing?.run);
}

/** A closing call that grows begins to use the reserve of more budgets. */
export function useReserves(hold: Hold, more: readonly string[]): void {
  if (!hold.closing || more.length === 0) return;
  const { run, budgets } = hold.closing;
  hold.closing = { run, budgets: [...budgets, ...more] };
  closeRun(hold);
}

function closedBy({ counters, closing }: Hold): readonly Counter[] {
  if (!closing || closing.budgets.length === 0) return [];
  return counters.filter(({ key }) => closing.budgets.includes(key.budgetId));
}
