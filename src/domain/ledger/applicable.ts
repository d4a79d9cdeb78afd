/**
 * Finds the counters that a call draws on. Results are cached per attribution and model until a
 * window ends.
 */

import type { Attribution } from "../attribution/attribution.ts";
import { appliesTo, mayCount, valueFor } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { windowAt, type Window } from "../budget/window.ts";
import type { Counter } from "./counter.ts";
import type { CallRoute, CounterKey } from "./entry.ts";

/** The properties of a call that determine which budgets apply. */
export interface CallSubject {
  readonly attribution: Attribution;
  readonly route: Pick<CallRoute, "provider" | "model">;
  /** Budgets added by the key. */
  readonly budgets: readonly string[];
}

/** `closed`: the budget applies, but its only window has not begun or is over. */
export interface Applied<Found = Counter> {
  readonly budget: Budget;
  readonly counter: Found;
  readonly closed: boolean;
}

interface Cached<Found> {
  readonly provider: string;
  readonly budgets: readonly string[];
  readonly applied: readonly Applied<Found>[];
  /**
   * The interval of validity, in milliseconds since the epoch, `until` excluded. It has a start
   * since clocks can be set back.
   */
  readonly from: number;
  readonly until: number;
}

/** @typeParam Found What is found of each counter: its state, or only its key. */
export class Applicable<Found = Counter> {
  readonly #budgets: ReadonlyMap<string, Budget>;
  readonly #counter: (key: CounterKey) => Found;
  /** By attribution and model, the most selective fields. */
  #cache = new WeakMap<Attribution, Map<string, Cached<Found>[]>>();
  readonly #windows = new WeakMap<Budget, Window>();

  constructor(budgets: ReadonlyMap<string, Budget>, counter: (key: CounterKey) => Found) {
    this.#budgets = budgets;
    this.#counter = counter;
  }

  /** @returns Narrowest budget first: children before their parents. */
  find(subject: CallSubject, at: number): readonly Applied<Found>[] {
    const { attribution, route, budgets } = subject;
    const found = this.#cache.get(attribution)?.get(route.model);
    const cached = found?.find(
      (other) => other.provider === route.provider && isSame(other.budgets, budgets),
    );
    if (cached && cached.from <= at && at < cached.until) return cached.applied;

    const looked = this.#look(subject, at);
    const others = found?.filter((other) => other !== cached) ?? [];
    this.#modelsOf(attribution).set(route.model, [...others, looked]);
    return looked.applied;
  }

  /** Call whenever a budget or the set of counters in memory changes. */
  forget(): void {
    this.#cache = new WeakMap();
  }

  #modelsOf(attribution: Attribution): Map<string, Cached<Found>[]> {
    const known = this.#cache.get(attribution);
    if (known && known.size < maxModelsCached) return known;
    const models = new Map<string, Cached<Found>[]>();
    this.#cache.set(attribution, models);
    return models;
  }

  #look(subject: CallSubject, at: number): Cached<Found> {
    let from = Number.NEGATIVE_INFINITY;
    let until = Number.POSITIVE_INFINITY;
    const applied = selectBudgets(this.#budgets, subject).map((budget): Applied<Found> => {
      const window = this.#windowAt(budget, at);
      const value = valueFor(budget, subject.attribution);
      if (typeof window === "string") {
        if (window === "not_begun" && budget.start !== null) until = Math.min(until, budget.start);
        if (window === "over" && budget.end !== null) from = Math.max(from, budget.end);
        const key = {
          budgetId: budget.budgetId,
          value,
          windowStart: budget.start ?? 0,
          windowEnd: budget.end,
          currency: budget.currency,
        };
        return { budget, counter: this.#counter(key), closed: true };
      }
      from = Math.max(from, window.start);
      if (window.end !== null) until = Math.min(until, window.end);
      const key = {
        budgetId: budget.budgetId,
        value,
        windowStart: window.start,
        windowEnd: window.end,
        currency: budget.currency,
      };
      return { budget, counter: this.#counter(key), closed: false };
    });
    return { provider: subject.route.provider, budgets: subject.budgets, applied, from, until };
  }

  /**
   * Caches the last window: calls arrive in order of time, and a calendar look-up takes longer than
   * the rest of a decision.
   */
  #windowAt(budget: Budget, at: number): Window | "not_begun" | "over" {
    const last = this.#windows.get(budget);
    if (last && last.start <= at && (last.end === null || at < last.end)) return last;
    const window = windowAt(budget, at);
    if (typeof window !== "string") this.#windows.set(budget, window);
    return window;
  }
}

/**
 * The budgets that match, those of the key, and all their ancestors, except those that do not count
 * such calls.
 *
 * @returns Narrowest first.
 */
export function selectBudgets(
  budgets: ReadonlyMap<string, Budget>,
  subject: CallSubject,
): readonly Budget[] {
  const depths = new Map<Budget, number>();
  const include = (budget: Budget | undefined): number => {
    if (!budget) return 0;
    const depth =
      depths.get(budget) ??
      1 + include(budget.parentBudgetId === null ? undefined : budgets.get(budget.parentBudgetId));
    depths.set(budget, depth);
    return depth;
  };
  const { attribution, route } = subject;
  const call = { attribution, provider: route.provider, model: route.model };
  for (const budget of budgets.values()) if (appliesTo(budget, call)) include(budget);
  for (const budgetId of subject.budgets) include(budgets.get(budgetId));
  return [...depths.keys()]
    .filter((budget) => mayCount(budget, call))
    .sort(
      (left, right) =>
        (depths.get(right) ?? 0) - (depths.get(left) ?? 0) ||
        (left.budgetId < right.budgetId ? -1 : 1),
    );
}

/**
 * Beyond this, the cache of an attribution is cleared: made-up model names must not fill the
 * memory.
 */
const maxModelsCached = 1000;

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return (
    left === right ||
    (left.length === right.length && left.every((budgetId, place) => budgetId === right[place]))
  );
}
