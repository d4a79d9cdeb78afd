/** The in-memory counters of a ledger; idle ones are dropped. */

import { Closings } from "./closing.ts";
import {
  counterId,
  type Counter,
  type CounterControls,
  type CounterState,
  isUntouched,
  noRuns,
  untouched,
} from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import type { History } from "./past.ts";

export class Counters {
  /** The runs that counters remember. */
  readonly closings = new Closings();
  readonly #history: Pick<History, "counter">;
  readonly #controlsOf: (key: CounterKey) => CounterControls;
  readonly #byId = new Map<string, Counter>();
  /** By budget and value: those of its windows. */
  readonly #byValue = new Map<string, readonly Counter[]>();
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

  /**
   * Reads the controls of a budget's counters again, after they have changed.
   *
   * @param value Of the counters whose controls have changed; null for all.
   */
  control(budgetId: string, value: string | null): void {
    const counters =
      value === null
        ? this.#byId.values()
        : (this.#byValue.get(valueKeyOf({ budgetId, value })) ?? []);
    for (const counter of counters)
      if (counter.key.budgetId === budgetId) counter.controls = this.#controlsOf(counter.key);
  }

  /** Marks a counter as changed since changes were last taken. */
  changed(counter: Counter): void {
    this.#changed.add(counter);
  }

  /** Returns the changes and starts anew. */
  takeChanged() {
    const counters: ReadonlySet<Counter> = this.#changed;
    this.#changed = new Set();
    return { counters, closings: this.closings.takeChanged() };
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
        this.#drop(id, counter);
    }
    this.#byKey = new WeakMap();
  }

  #find(key: CounterKey): Counter {
    const id = counterId(key);
    const known = this.#byId.get(id);
    if (known) return known;
    const state: CounterState = this.#history.counter(key) ?? untouched;
    const counter: Counter = {
      key,
      id,
      ...state,
      // A copy: only these books change it.
      closings: state.closings.size === 0 ? noRuns : new Set(state.closings),
      controls: this.#controlsOf(key),
      openHolds: 0,
    };
    this.#byId.set(id, counter);
    const valueKey = valueKeyOf(key);
    this.#byValue.set(valueKey, [...(this.#byValue.get(valueKey) ?? []), counter]);
    return counter;
  }

  #drop(id: string, counter: Counter): void {
    this.#byId.delete(id);
    const valueKey = valueKeyOf(counter.key);
    const others = (this.#byValue.get(valueKey) ?? []).filter((other) => other !== counter);
    if (others.length > 0) this.#byValue.set(valueKey, others);
    else this.#byValue.delete(valueKey);
  }
}

function valueKeyOf({ budgetId, value }: Pick<CounterKey, "budgetId" | "value">): string {
  return `${budgetId}\n${value}`;
}
