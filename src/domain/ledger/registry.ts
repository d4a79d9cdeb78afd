/** The definitions in a ledger: budgets, keys and prices, small enough to be kept in memory. */

import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PriceOverride } from "../price/rate.ts";
import { Applicable, type CallSubject } from "./applicable.ts";
import type { BudgetEntry, CounterKey, Entry, KeyEntry, PriceEntry } from "./entry.ts";

export type DefinitionEntry = BudgetEntry | KeyEntry | PriceEntry;

export class Registry {
  readonly budgets = new Map<string, Budget>();
  readonly keys = new Map<string, Key>();
  readonly keysByHash = new Map<string, Key>();
  readonly prices: PriceOverride[] = [];
  /** By budget id: the time from which its calls were recounted. */
  readonly #recountedFrom = new Map<string, number>();
  readonly #counters = new Applicable<CounterKey>(this.budgets, (key) => key);

  apply(entry: DefinitionEntry): void {
    switch (entry.kind) {
      case "budget":
        return this.#define(entry);
      case "key":
        this.keys.set(entry.key.keyId, entry.key);
        this.keysByHash.set(entry.key.hash, entry.key);
        return;
      case "price":
        this.prices.push(entry.price);
        return;
    }
  }

  /**
   * Since when (ms since the epoch) a budget counts every call it selects; undefined if never
   * recounted.
   */
  recountedFrom(budgetId: string): number | undefined {
    return this.#recountedFrom.get(budgetId);
  }

  /** The counters of all budgets that apply to a call, those of closed budgets included. */
  countersFor(subject: CallSubject, at: number): readonly CounterKey[] {
    return this.#counters.find(subject, at).map(({ counter }) => counter);
  }

  #define({ budget, deleted, recounts }: BudgetEntry): void {
    if (deleted) this.budgets.delete(budget.budgetId);
    else this.budgets.set(budget.budgetId, budget);
    for (const { budgetId, from } of recounts) this.#recountedFrom.set(budgetId, from);
    this.#counters.forget();
  }
}

export function isDefinition(entry: Entry): entry is DefinitionEntry {
  return entry.kind === "budget" || entry.kind === "key" || entry.kind === "price";
}
