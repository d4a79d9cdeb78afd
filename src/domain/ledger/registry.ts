/** The definitions in a ledger: budgets, keys and prices, small enough to be kept in memory. */

import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import { assert } from "../assert.ts";
import { priceIdAfter, type KeptPrice } from "../price/text/kept-price.ts";
import type { KeptPriceUpdate } from "../price/update/price-update.ts";
import { Applicable, type CallSubject } from "./applicable.ts";
import { Controls } from "./controls.ts";
import type {
  BudgetEntry,
  BudgetExtensionEntry,
  BudgetPauseEntry,
  BudgetResumeEntry,
  CounterKey,
  Entry,
  KeyEntry,
  PriceEntry,
  PriceRemovalEntry,
  PriceRevertEntry,
  PriceUpdateEntry,
} from "./entry.ts";

export type DefinitionEntry =
  | BudgetEntry
  | BudgetPauseEntry
  | BudgetResumeEntry
  | BudgetExtensionEntry
  | KeyEntry
  | PriceEntry
  | PriceRemovalEntry
  | PriceUpdateEntry
  | PriceRevertEntry;

/**
 * Whether a budget was recounted with a call: `now` under its current definition, which has the
 * charge on its counter; `before` only under an earlier one, so the counter that had the charge is
 * no longer used; `never`: the charge is where it was made.
 */
export type Recounted = "now" | "before" | "never";

/** A recount added up the calls that were held in this time, both ends included. */
interface RecountedSpan {
  readonly from: number;
  readonly to: number;
}

export class Registry {
  readonly budgets = new Map<string, Budget>();
  readonly keys = new Map<string, Key>();
  readonly keysByHash = new Map<string, Key>();
  /** Set over the API, the oldest first. */
  readonly prices: KeptPrice[] = [];
  readonly controls = new Controls();
  /** By id, the oldest first. */
  readonly priceUpdates = new Map<string, KeptPriceUpdate>();
  /** By budget id, its recounts, oldest first. */
  readonly #recounts = new Map<string, RecountedSpan[]>();
  readonly #counters = new Applicable<CounterKey>(this.budgets, (key) => key);

  apply(entry: DefinitionEntry): void {
    switch (entry.kind) {
      case "budget":
        return this.#define(entry);
      case "budget_pause":
      case "budget_resume":
      case "budget_extension":
        return this.controls.apply(entry);
      case "key":
        this.keys.set(entry.key.keyId, entry.key);
        this.keysByHash.set(entry.key.hash, entry.key);
        return;
      case "price": {
        const priceId = priceIdAfter(this.prices.length);
        this.prices.push({ ...entry.price, priceId, setAt: entry.at, removedAt: null });
        return;
      }
      case "price_removal":
        return this.#removePrice(entry);
      case "price_update": {
        const { at, update } = entry;
        this.priceUpdates.set(update.updateId, { ...update, at, revertedAt: null });
        return;
      }
      case "price_revert":
        return this.#revert(entry);
    }
  }

  /** @param at When the call was held, in milliseconds since the epoch. */
  recounted(budgetId: string, at: number): Recounted {
    const spans = this.#recounts.get(budgetId) ?? [];
    const last = spans.at(-1);
    if (last && at >= last.from) return "now";
    return spans.some(({ from, to }) => at >= from && at <= to) ? "before" : "never";
  }

  /** The counters of all budgets that apply to a call, those of closed budgets included. */
  countersFor(subject: CallSubject, at: number): readonly CounterKey[] {
    return this.#counters.find(subject, at).map(({ counter }) => counter);
  }

  #removePrice({ at, priceId }: PriceRemovalEntry): void {
    const place = this.prices.findIndex((price) => price.priceId === priceId);
    const price = this.prices[place];
    assert(price !== undefined, "a price that is removed is known");
    this.prices[place] = { ...price, removedAt: at };
  }

  #revert({ at, updateId }: PriceRevertEntry): void {
    const update = this.priceUpdates.get(updateId);
    assert(update !== undefined, "an update that is reverted is known");
    this.priceUpdates.set(updateId, { ...update, revertedAt: at });
  }

  #define({ at, budget, deleted, recounts }: BudgetEntry): void {
    if (deleted) {
      this.budgets.delete(budget.budgetId);
      this.controls.forget(budget.budgetId);
    } else this.budgets.set(budget.budgetId, budget);
    for (const { budgetId, from } of recounts) {
      const spans = this.#recounts.get(budgetId);
      if (spans) spans.push({ from, to: at });
      else this.#recounts.set(budgetId, [{ from, to: at }]);
    }
    this.#counters.forget();
  }
}

export function isDefinition(entry: Entry): entry is DefinitionEntry {
  return definitionKinds.has(entry.kind);
}

const definitionKinds: ReadonlySet<Entry["kind"]> = new Set<DefinitionEntry["kind"]>([
  "budget",
  "budget_pause",
  "budget_resume",
  "budget_extension",
  "key",
  "price",
  "price_removal",
  "price_update",
  "price_revert",
]);
