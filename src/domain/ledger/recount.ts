/** Recounts a new or changed budget: its spent amount is the sum over the calls in its window. */

import type { Attribution } from "../attribution/attribution.ts";
import { valueFor } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import { windowAt, type Window } from "../budget/window.ts";
import type { Key } from "../key/key.ts";
import { selectBudgets, type CallSubject } from "./applicable.ts";
import type { PutBudgetCommand } from "./command.ts";
import { amountIn, counterId } from "./counter.ts";
import type { CallRoute, Counted, CounterKey, Quantities } from "./entry.ts";

/**
 * A charge, or the difference from a correction, with the fields that determine which budgets count
 * it.
 */
export interface ChargedCall {
  /** The time of the hold, which determines the window. */
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** The counters it was charged on. */
  readonly counters: readonly CounterKey[];
  readonly cost: Quantities;
}

/** A budget to recount. */
export interface BudgetToCount {
  readonly budget: Budget;
  readonly window: Window;
  /**
   * Whether amounts counted under an earlier tree are kept: a parent keeps the spend of a child
   * that left it.
   */
  readonly keepsCounted: boolean;
}

/** Determines which calls a recount adds up. Plain data, to pass between threads. */
export interface Counting {
  readonly counts: readonly BudgetToCount[];
  /** All budgets after the change, by id. */
  readonly budgets: ReadonlyMap<string, Budget>;
  /** Budgets that a key adds to its calls, by key id. */
  readonly ofKeys: ReadonlyMap<string, readonly string[]>;
}

/** The current budgets and keys. */
export interface BudgetsAndKeys {
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly keys: ReadonlyMap<string, Pick<Key, "budgets">>;
}

/**
 * Lists the budgets to recount when one is put: the budget itself if it is new or selects other
 * calls than before, and then its ancestors, which may count calls only through it. Changes to
 * amounts, policies or thresholds need no recount.
 */
export function countingFor(
  books: BudgetsAndKeys,
  { budget, at }: Pick<PutBudgetCommand, "budget" | "at">,
): Counting {
  const old = books.budgets.get(budget.budgetId);
  const isOther = !old || definesCalls(old) !== definesCalls(budget);
  const isMoved = old?.parentBudgetId !== budget.parentBudgetId;
  const budgets = new Map(books.budgets).set(budget.budgetId, budget);
  const above = isOther || isMoved ? ancestorsOf(budget, budgets) : [];
  const counts = [
    ...(isOther ? [{ budget, window: countedWindow(budget, at), keepsCounted: false }] : []),
    // A platform budget selects every call itself.
    ...above
      .filter(({ budgetType }) => budgetType !== "platform")
      .map((ancestor) => ({
        budget: ancestor,
        window: countedWindow(ancestor, at),
        keepsCounted: true,
      })),
  ];
  const ofKeys = new Map([...books.keys].map(([keyId, key]) => [keyId, key.budgets] as const));
  return { counts, budgets, ofKeys };
}

/** Sums charges by counter. */
export class Tally {
  readonly #counting: Counting;
  readonly #sums = new Map<string, { readonly key: CounterKey; spent: bigint }>();
  /** By attribution and route, which calls share. Selection depends on nothing else. */
  readonly #selected = new WeakMap<Attribution, WeakMap<CallRoute, ReadonlySet<Budget>>>();

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  add(call: ChargedCall): void {
    for (const { key } of this.placesOf(call)) this.#add(key, amountIn(key.currency, call.cost));
  }

  /** Adds the result of another tally of the same counting. */
  include(counted: readonly Counted[]): void {
    for (const { key, spent } of counted.flatMap(({ counters }) => counters)) this.#add(key, spent);
  }

  counted(): readonly Counted[] {
    const sums = [...this.#sums.values()];
    return this.#counting.counts.map(({ budget: { budgetId } }) => ({
      budgetId,
      counters: sums
        .filter(({ key }) => key.budgetId === budgetId)
        .map(({ key, spent }) => ({ key, spent })),
    }));
  }

  /** The counters of the recounted budgets that count a call. */
  placesOf(
    call: Omit<ChargedCall, "cost">,
  ): readonly { readonly budget: Budget; readonly key: CounterKey }[] {
    return this.#counting.counts.flatMap((one) => {
      if (!isWithin(one.window, call.at)) return [];
      const key = counterKey(one, call.attribution);
      const counts =
        this.#selects(one.budget, call) || (one.keepsCounted && hasCounter(call.counters, key));
      return counts ? [{ budget: one.budget, key }] : [];
    });
  }

  #add(key: CounterKey, amount: bigint): void {
    const id = counterId(key);
    const sum = this.#sums.get(id);
    if (sum) sum.spent += amount;
    else this.#sums.set(id, { key, spent: amount });
  }

  #selects(
    budget: Budget,
    { attribution, route }: Pick<ChargedCall, "attribution" | "route">,
  ): boolean {
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

/**
 * The fields that determine which budgets apply to an earlier call, with the current state of its
 * key.
 */
export function subjectOf(
  { attribution, route }: Pick<ChargedCall, "attribution" | "route">,
  ofKeys: Counting["ofKeys"],
): CallSubject {
  return {
    attribution,
    route,
    budgets: (route.keyId === null ? undefined : ofKeys.get(route.keyId)) ?? [],
  };
}

export function isWithin({ start, end }: Window, at: number): boolean {
  return at >= start && (end === null || at < end);
}

/** The open window; for the period `once`, the only one. */
export function countedWindow(budget: Budget, at: number): Window {
  const window = windowAt(budget, at);
  return typeof window === "string" ? { start: budget.start ?? 0, end: budget.end } : window;
}

/** The fields that determine which calls a budget counts, and on which counters, as text. */
function definesCalls(budget: Budget): string {
  const {
    budgetType,
    resourceId,
    currency,
    period,
    timeZone,
    anchor,
    start,
    end,
    models,
    providers,
  } = budget;
  return JSON.stringify([
    budgetType,
    resourceId,
    currency,
    period,
    timeZone,
    anchor,
    start,
    end,
    models,
    providers,
  ]);
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
  return {
    budgetId,
    value: valueFor(budget, attribution),
    windowStart: window.start,
    windowEnd: window.end,
    currency,
  };
}

function hasCounter(counters: readonly CounterKey[], key: CounterKey): boolean {
  const id = counterId(key);
  return counters.some((other) => other.budgetId === key.budgetId && counterId(other) === id);
}
