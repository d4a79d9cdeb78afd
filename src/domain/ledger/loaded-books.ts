/** The part of a ledger's state that was loaded from a server to decide a batch of commands. */

import { assert } from "../assert.ts";
import type { Budget } from "../budget/budget.ts";
import type { Window } from "../budget/window.ts";
import type { Applied, CallSubject } from "./applicable.ts";
import { Books } from "./books.ts";
import { counterId, type Counter, type CounterState, type Pause } from "./counter.ts";
import type { CounterKey, Entry } from "./entry.ts";
import type { Hold, KeptHold } from "./hold.ts";
import type { Loaded, LoadedOperation } from "./loaded.ts";
import type { Needs } from "./needs.ts";
import type { PastAttempt } from "./past.ts";
import { isDefinition, type Recounted, type Registry } from "./registry.ts";
import type { LedgerView } from "./view.ts";

interface OtherHolds {
  readonly holds: number;
  /** By counter id. */
  readonly held: ReadonlyMap<string, bigint>;
}

/** What was asked for, and what was found. */
export interface Load {
  readonly needs: Needs;
  readonly loaded: Loaded;
}

/**
 * Decides like `Books` with the whole state. Asserts that nothing else is read: a command whose
 * needs are incomplete fails, instead of taking what was not loaded for zero.
 */
export class LoadedBooks implements LedgerView {
  readonly budgets: Registry["budgets"];
  readonly keys: Registry["keys"];
  readonly prices: Registry["prices"];
  readonly priceUpdates: Registry["priceUpdates"];
  readonly rules: Registry["rules"];
  readonly alerts: Registry["alerts"];
  readonly epochs: Registry["epochs"];
  readonly exports: Registry["exports"];
  readonly #registry: Registry;
  readonly #books: Books;
  readonly #needs: Needs;
  readonly #operations: ReadonlyMap<string, LoadedOperation>;
  /** By key id, what it holds in holds that were not loaded one by one. */
  readonly #otherHolds: ReadonlyMap<string, OtherHolds>;

  constructor(registry: Registry, { needs, loaded }: Load) {
    this.#registry = registry;
    this.budgets = registry.budgets;
    this.keys = registry.keys;
    this.prices = registry.prices;
    this.priceUpdates = registry.priceUpdates;
    this.rules = registry.rules;
    this.alerts = registry.alerts;
    this.epochs = registry.epochs;
    this.exports = registry.exports;
    this.#needs = needs;
    this.#operations = new Map(loaded.operations.map((one) => [one.operationId, one]));
    const counters = new Map(loaded.counters.map(({ key, state }) => [counterId(key), state]));
    const history = {
      attempts: (operationId: string) => this.#operation(operationId).past,
      counter(key: CounterKey): CounterState {
        const state = counters.get(counterId(key));
        assert(state !== undefined, `the counter of budget "${key.budgetId}" was loaded`);
        return state;
      },
    };
    this.#books = new Books(history, registry);
    for (const { key } of loaded.counters) this.#books.counter(key);
    for (const hold of distinctHolds(loaded)) this.#books.restoreHold(hold);
    this.#otherHolds = this.#otherHoldsIn(loaded);
  }

  pausesOf(budgetId: string): readonly Pause[] {
    return this.#registry.controls.pausesOf(budgetId);
  }

  pauseOf(budgetId: string, value: string | null): Pause | null {
    return this.#registry.controls.pauseOf(budgetId, value);
  }

  recounted(budgetId: string, at: number): Recounted {
    return this.#registry.recounted(budgetId, at);
  }

  applied(subject: CallSubject, at: number): readonly Applied[] {
    return this.#books.applied(subject, at);
  }

  counter(key: CounterKey): Counter {
    return this.#books.counter(key);
  }

  countersIn(budget: Budget, window: Window): readonly Counter[] {
    const isLoaded = this.#needs.windows.some(
      (one) =>
        one.budget.budgetId === budget.budgetId &&
        one.window.start === window.start &&
        one.window.end === window.end,
    );
    assert(isLoaded, `the window of budget "${budget.budgetId}" was loaded`);
    return this.#books.countersIn(budget, window);
  }

  openHold(operationId: string): Hold | undefined {
    return this.#books.openHold(this.#operation(operationId).operationId);
  }

  openHolds(): Iterable<Hold> {
    assert(this.#needs.openHolds, "the open holds were loaded");
    return this.#books.openHolds();
  }

  past(operationId: string): readonly PastAttempt[] {
    return this.#books.past(this.#operation(operationId).operationId);
  }

  holdsOfKey(keyId: string): number {
    return this.#otherHoldsOf(keyId).holds + this.#books.holdsOfKey(keyId);
  }

  heldByKey(keyId: string, counter: Counter): bigint {
    const others = this.#otherHoldsOf(keyId).held.get(counter.id) ?? 0n;
    return others + this.#books.heldByKey(keyId, counter);
  }

  expiredBy(at: number): readonly Hold[] {
    const { expiredBy } = this.#needs;
    assert(expiredBy !== null && at <= expiredBy, "the holds that have lapsed were loaded");
    return this.#books.expiredBy(at);
  }

  /**
   * Applies an entry, for the next command of the batch to see. A definition is left out: it joins
   * the registry once the server has it, and a budget's names the amounts that it sets.
   */
  apply(entry: Entry): void {
    if (!isDefinition(entry)) this.#books.apply(entry);
  }

  /** The counters that changed since the last call, in their new state. */
  takeChangedCounters(): readonly Counter[] {
    return [...this.#books.takeChanges().counters];
  }

  #operation(operationId: string): LoadedOperation {
    const operation = this.#operations.get(operationId);
    assert(operation !== undefined, `operation "${operationId}" was loaded`);
    return operation;
  }

  #otherHoldsOf(keyId: string): OtherHolds {
    const others = this.#otherHolds.get(keyId);
    assert(others !== undefined, `the holds of key "${keyId}" were loaded`);
    return others;
  }

  /** The books count the holds that were loaded one by one: subtracts them from the sums. */
  #otherHoldsIn({ counters, keys }: Loaded): ReadonlyMap<string, OtherHolds> {
    const others = keys.map(({ keyId, holds, held }) => {
      const sums = new Map(held.map(({ counter, amount }) => [counterId(counter), amount]));
      const left = counters.map(({ key }) => {
        const counter = this.#books.counter(key);
        return [
          counter.id,
          (sums.get(counter.id) ?? 0n) - this.#books.heldByKey(keyId, counter),
        ] as const;
      });
      const other = { holds: holds - this.#books.holdsOfKey(keyId), held: new Map(left) };
      return [keyId, other] as const;
    });
    return new Map(others);
  }
}

function distinctHolds({ holds, operations }: Loaded): readonly KeptHold[] {
  const all = [...holds, ...operations.flatMap(({ hold }) => hold ?? [])];
  return [...new Map(all.map((hold) => [hold.operationId, hold])).values()];
}
