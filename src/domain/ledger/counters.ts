/** The counters that a ledger has in memory: those in use, found without a search, and let go of once idle. */

import { counterId, type Counter, isUntouched, untouched } from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import type { History } from "./past.ts";

export class Counters {
  readonly #history: Pick<History, "counter">;
  readonly #byId = new Map<string, Counter>();
  /** The same counters by their key objects, of which a hold has those of the last one: no text is made to find them. */
  #byKey = new WeakMap<CounterKey, Counter>();
  #changed = new Set<Counter>();

  constructor(history: Pick<History, "counter">) {
    this.#history = history;
  }

  /** The counter of a key. One that was never used stands at zero, and is no different from one that does not exist. */
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

  /** Notes that a counter is no longer what it was when changes were last taken. */
  changed(counter: Counter): void {
    this.#changed.add(counter);
  }

  /** Hands over what changed, and begins a new set. */
  takeChanged(): ReadonlySet<Counter> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Drops counters that hold nothing and whose window is over, or that were only looked at. */
  forgetIdle(at: number): void {
    for (const [id, counter] of this.#byId) {
      const { windowEnd } = counter.key;
      const isOver = windowEnd !== null && windowEnd <= at;
      if ((isOver || isUntouched(counter)) && counter.openHolds === 0 && !this.#changed.has(counter)) this.#byId.delete(id);
    }
    this.#byKey = new WeakMap();
  }

  #find(key: CounterKey): Counter {
    const id = counterId(key);
    const known = this.#byId.get(id);
    if (known) return known;
    const counter: Counter = { key, id, ...(this.#history.counter(key) ?? untouched), openHolds: 0 };
    this.#byId.set(id, counter);
    return counter;
  }
}
