/** The in-memory counters of a ledger; idle ones are dropped. */

import {
  counterId,
  type Counter,
  type CounterControls,
  isUntouched,
  untouched,
} from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import type { History } from "./past.ts";

export class Counters {
  readonly #history: Pick<History, "counter">;
  readonly #controlsOf: (key: CounterKey) => CounterControls;
  readonly #byId = new Map<string, Counter>();
  /**
   * The same counters by key object. Consecutive holds share key objects, so a look-up builds no
   * text.
   */
  #byKey = new WeakMap<CounterKey, Counter>();
  #changed = new Set<Counter>();

  constructor(history: Pick<History, "counter">, controlsOf: (key: CounterKey) => CounterControls) {
    this.#history = history;
    this.#controlsOf = controlsOf;
  }

  /**
   * The counter of a key. A counter that was never used is zero, the same as one that does not
   * exist.
   */
  of(key: CounterKey): Counter {
    const met = this.#byKey.get(key);
    if (met) return met;
    const counter = this.#find(key);
    this.#byKey.set(key, counter);
    return counter;
  }

  all(): Iterable<Counter> {
    return this.#byId.values();
  }

  /** Reads the controls of a budget's counters again, after they have changed. */
  control(budgetId: string): void {
    for (const counter of this.#byId.values())
      if (counter.key.budgetId === budgetId) counter.controls = this.#controlsOf(counter.key);
  }

  /** Marks a counter as changed since changes were last taken. */
  changed(counter: Counter): void {
    this.#changed.add(counter);
  }

  /** Returns the changes and starts a new set. */
  takeChanged(): ReadonlySet<Counter> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Drops counters that hold nothing and whose window is over, or that were only read. */
  forgetIdle(at: number): void {
    for (const [id, counter] of this.#byId) {
      const { windowEnd } = counter.key;
      const isOver = windowEnd !== null && windowEnd <= at;
      if (
        (isOver || isUntouched(counter)) &&
        counter.openHolds === 0 &&
        !this.#changed.has(counter)
      )
        this.#byId.delete(id);
    }
    this.#byKey = new WeakMap();
  }

  #find(key: CounterKey): Counter {
    const id = counterId(key);
    const known = this.#byId.get(id);
    if (known) return known;
    const counter: Counter = {
      key,
      id,
      ...(this.#history.counter(key) ?? untouched),
      controls: this.#controlsOf(key),
      openHolds: 0,
    };
    this.#byId.set(id, counter);
    return counter;
  }
}
