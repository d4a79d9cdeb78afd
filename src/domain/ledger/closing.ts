/** Remembers in each counter which runs have had their closing call. */

import type { Counter } from "./counter.ts";
import type { Hold } from "./hold.ts";

/** A run that was added to, or removed from, those of a counter. */
export interface ClosingChange {
  readonly counter: Counter;
  readonly run: string;
}

/** Changes the runs of counters, one at a time, and collects the changes for the store. */
export class Closings {
  #changed: ClosingChange[] = [];

  /** The counters whose reserve the call uses remember its run: it may not close a second time. */
  close(hold: Hold): void {
    const { run } = hold.closing ?? {};
    if (run === undefined) return;
    for (const counter of closedBy(hold)) {
      if (counter.closings.has(run)) continue;
      // The empty set is shared by all counters.
      if (counter.closings.size === 0) counter.closings = new Set();
      counter.closings.add(run);
      this.#changed.push({ counter, run });
    }
  }

  /** A closing call that failed, or moved away, gives its run the closing call back. */
  reopen(hold: Hold): void {
    const { run } = hold.closing ?? {};
    if (run === undefined) return;
    for (const counter of closedBy(hold))
      if (counter.closings.delete(run)) this.#changed.push({ counter, run });
  }

  /** A closing call that grows begins to use the reserve of more budgets. */
  useReserves(hold: Hold, more: readonly string[]): void {
    if (!hold.closing || more.length === 0) return;
    const { run, budgets } = hold.closing;
    hold.closing = { run, budgets: [...budgets, ...more] };
    this.close(hold);
  }

  /** Returns the changes and starts a new list. */
  takeChanged(): readonly ClosingChange[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }
}

function closedBy({ counters, closing }: Hold): readonly Counter[] {
  if (!closing || closing.budgets.length === 0) return [];
  return counters.filter(({ key }) => closing.budgets.includes(key.budgetId));
}
