/** What a budget has spent already when it is made, or when a change has it count other calls: the sum over the calls of its window. */

import type { Attribution } from "../attribution/attribution.ts";
import { valueFor } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { windowAt, type Window } from "../budget/window.ts";
import type { Key } from "../key/key.ts";
import { selectBudgets, type CallSubject } from "./applicable.ts";
import type { PutBudgetCommand } from "./command.ts";
import { amountIn, counterId } from "./counter.ts";
import type { CallRoute, Counted, CounterKey, Quantities } from "./entry.ts";

/** A charge, or the difference that a correction made, with what decides which budgets count it. */
export interface ChargedCall {
  /** When it was held: that decides the window. */
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Those that it counted on. */
  readonly counters: readonly CounterKey[];
  readonly cost: Quantities;
}

/** A budget whose calls are to be added up. */
export interface BudgetToCount {
  readonly budget: Budget;
  readonly window: Window;
  /** Whether what it counted by an earlier definition of the tree stays in: a parent does not forget a child that left it. */
  readonly keepsCounted: boolean;
}

/** All that decides which calls are added up. Plain data, which passes between threads. */
export interface Counting {
  readonly counts: readonly BudgetToCount[];
  /** All budgets as they will be, by id. */
  readonly budgets: ReadonlyMap<string, Budget>;
  /** Budgets that a key adds to its calls, by the key's id. */
  readonly ofKeys: ReadonlyMap<string, readonly string[]>;
}

/** What the books have of both. */
export interface BudgetsAndKeys {
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly keys: ReadonlyMap<string, Pick<Key, "budgets">>;
}

/**
 * What is to be counted for a budget that is put: itself when it is new or counts other calls than before, and then those above
 * it, since calls may be theirs through it alone. Nothing where only amounts, policies or thresholds change.
 */
export function countingFor(books: BudgetsAndKeys, { budget, at }: Pick<PutBudgetCommand, "budget" | "at">): Counting {
  const old = books.budgets.get(budget.budgetId);
  const isOther = !old || definesCalls(old) !== definesCalls(budget);
  const isMoved = old?.parentBudgetId !== budget.parentBudgetId;
  const budgets = new Map(books.budgets).set(budget.budgetId, budget);
  const above = isOther || isMoved ? ancestorsOf(budget, budgets) : [];
  const counts = [
    ...(isOther ? [{ budget, window: countedWindow(budget, at), keepsCounted: false }] : []),
    // A platform budget counts every call by itself.
    ...above
      .filter(({ budgetType }) => budgetType !== "platform")
      .map((ancestor) => ({ budget: ancestor, window: countedWindow(ancestor, at), keepsCounted: true })),
  ];
  const ofKeys = new Map([...books.keys].map(([keyId, key]) => [keyId, key.budgets] as const));
  return { counts, budgets, ofKeys };
}

/** Adds up charges by the counters on which they count. */
export class Tally {
  readonly #counting: Counting;
  readonly #sums = new Map<string, { readonly key: CounterKey; spent: bigint }>();
  /** By attribution and route, which calls share: what a budget selects depends on nothing else. */
  readonly #selected = new WeakMap<Attribution, WeakMap<CallRoute, ReadonlySet<Budget>>>();

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  add(call: ChargedCall): void {
    for (const { key } of this.placesOf(call)) this.#add(key, amountIn(key.currency, call.cost));
  }

  /** Adds what another tally of the same counting found. */
  include(counted: readonly Counted[]): void {
    for (const { key, spent } of counted.flatMap(({ counters }) => counters)) this.#add(key, spent);
  }

  counted(): readonly Counted[] {
    const sums = [...this.#sums.values()];
    return this.#counting.counts.map(({ budget: { budgetId } }) => ({
      budgetId,
      counters: sums.filter(({ key }) => key.budgetId === budgetId).map(({ key, spent }) => ({ key, spent })),
    }));
  }

  /** The counters of the budgets to count on which a call belongs. */
  placesOf(call: Omit<ChargedCall, "cost">): readonly { readonly budget: Budget; readonly key: CounterKey }[] {
    return this.#counting.counts.flatMap((one) => {
      if (!isWithin(one.window, call.at)) return [];
      const key = counterKey(one, call.attribution);
      const counts = this.#selects(one.budget, call) || (one.keepsCounted && hasCounter(call.counters, key));
      return counts ? [{ budget: one.budget, key }] : [];
    });
  }

  #add(key: CounterKey, amount: bigint): void {
    const id = counterId(key);
    const sum = this.#sums.get(id);
    if (sum) sum.spent += amount;
    else this.#sums.set(id, { key, spent: amount });
  }

  #selects(budget: Budget, { attribution, route }: Pick<ChargedCall, "attribution" | "route">): boolean {
    let byRoute = this.#selected.get(attribution);
    if (!byRoute) this.#selected.set(attribution, (byRoute = new WeakMap()));
    let selected = byRoute.get(route);
    if (!selected) {
      const { budgets, ofKeys } = this.#counting;
      selected = new Set(selectBudgets(budgets, subjectOf({ attribution, route }, ofKeys)));
      byRoute.set(route, selected);
    }
    return selected.has(budget);
  }
}

/** What decides which budgets apply to a call that was held before, with its key as it is now. */
export function subjectOf({ attribution, route }: Pick<ChargedCall, "attribution" | "route">, ofKeys: Counting["ofKeys"]): CallSubject {
  return { attribution, route, budgets: (route.keyId === null ? undefined : ofKeys.get(route.keyId)) ?? [] };
}

export function isWithin({ start, end }: Window, at: number): boolean {
  return at >= start && (end === null || at < end);
}

/** The one that is open; of a budget with the period `once`, its only one. */
export function countedWindow(budget: Budget, at: number): Window {
  const window = windowAt(budget, at);
  return typeof window === "string" ? { start: budget.start ?? 0, end: budget.end } : window;
}

/** What has to be the same for a budget to count the same calls on the same counters. */
function definesCalls(budget: Budget): string {
  const { budgetType, resourceId, currency, period, timeZone, anchor, start, end, models, providers } = budget;
  return JSON.stringify([budgetType, resourceId, currency, period, timeZone, anchor, start, end, models, providers]);
}

function ancestorsOf(budget: Budget, budgets: ReadonlyMap<string, Budget>): readonly Budget[] {
  const above: Budget[] = [];
  for (let id = budget.parentBudgetId; id !== null;) {
    const parent = budgets.get(id);
    if (!parent || above.includes(parent)) break;
    above.push(parent);
    id = parent.parentBudgetId;
  }
  return above;
}

function counterKey({ budget, window }: BudgetToCount, attribution: Attribution): CounterKey {
  const { budgetId, currency } = budget;
  return { budgetId, value: valueFor(budget, attribution), windowStart: window.start, windowEnd: window.end, currency };
}

function hasCounter(counters: readonly CounterKey[], key: CounterKey): boolean {
  const id = counterId(key);
  return counters.some((other) => other.budgetId === key.budgetId && counterId(other) === id);
}
