/** What people decide about budgets in use: pauses, resumed thresholds, questions and extensions. All in memory. */

import { assert } from "../assert.ts";
import { counterId, noControls, type CounterControls, type Pause } from "./counter.ts";
import type {
  BudgetAskEntry,
  BudgetDeclineEntry,
  BudgetExtensionEntry,
  BudgetPauseEntry,
  BudgetResumeEntry,
  CounterKey,
} from "./entry.ts";

export type ControlEntry =
  | BudgetPauseEntry
  | BudgetResumeEntry
  | BudgetExtensionEntry
  | BudgetAskEntry
  | BudgetDeclineEntry;

type OfWindow = Omit<CounterControls, "pause">;

/** Of one budget. Values that were paused before the whole budget keep their pauses. */
interface Pauses {
  whole: Pause | null;
  /** Oldest first. */
  readonly byValue: Map<string, Pause>;
}

const none: Pauses = { whole: null, byValue: new Map() };

export class Controls {
  /** By budget id. */
  readonly #pauses = new Map<string, Pauses>();
  /** By budget id and counter id. */
  readonly #windows = new Map<string, Map<string, OfWindow>>();

  /** The pauses of a budget in force, oldest first. */
  pausesOf(budgetId: string): readonly Pause[] {
    const { whole, byValue } = this.#pauses.get(budgetId) ?? none;
    return whole ? [...byValue.values(), whole] : [...byValue.values()];
  }

  /** The pause that applies to a value: of the whole budget, or else of the value. */
  pauseOf(budgetId: string, value: string | null): Pause | null {
    const pauses = this.#pauses.get(budgetId);
    if (!pauses) return null;
    return pauses.whole ?? (value === null ? null : (pauses.byValue.get(value) ?? null));
  }

  of(key: CounterKey): CounterControls {
    const { budgetId } = key;
    const windows = this.#windows.get(budgetId);
    const pause = this.pauseOf(budgetId, key.value);
    if (!pause && !windows) return noControls;
    return { ...(windows?.get(counterId(key)) ?? noControls), pause };
  }

  apply(entry: ControlEntry): void {
    switch (entry.kind) {
      case "budget_pause":
        return this.#pause(entry);
      case "budget_resume":
        return this.#resume(entry);
      case "budget_extension": {
        const { counter, amount } = entry;
        const { lifted, granted } = this.of(counter);
        return this.#set(counter, { lifted, granted: granted + amount, question: null });
      }
      case "budget_ask": {
        const { at, counter, needed, available, until } = entry;
        const question = { askedAt: at, until, needed, available, declined: null };
        return this.#set(counter, { ...this.of(counter), question });
      }
      case "budget_decline":
        return this.#decline(entry);
    }
  }

  /** Whether a counter of the budget has a question. */
  hasQuestions(budgetId: string): boolean {
    const states = this.#windows.get(budgetId)?.values() ?? [];
    return [...states].some(({ question }) => question !== null);
  }

  /** A changed budget may have room, or no longer asks. */
  forgetQuestions(budgetId: string): void {
    const windows = this.#windows.get(budgetId);
    if (!windows || !this.hasQuestions(budgetId)) return;
    for (const [id, state] of windows) windows.set(id, { ...state, question: null });
  }

  /** A deleted budget takes its controls with it: one with the same id begins without. */
  forget(budgetId: string): void {
    this.#pauses.delete(budgetId);
    this.#windows.delete(budgetId);
  }

  #pause(entry: BudgetPauseEntry): void {
    const { kind: _, ...pause } = entry;
    const { budgetId, value } = pause;
    const pauses = this.#pauses.get(budgetId) ?? { whole: null, byValue: new Map<string, Pause>() };
    if (value === null) pauses.whole = pause;
    else pauses.byValue.set(value, pause);
    this.#pauses.set(budgetId, pauses);
  }

  #resume({ budgetId, value, lifted: all }: BudgetResumeEntry): void {
    if (value === null) this.#pauses.delete(budgetId);
    else this.#pauses.get(budgetId)?.byValue.delete(value);
    for (const { counter, thresholds } of all) {
      const { lifted, ...others } = this.of(counter);
      this.#set(counter, { ...others, lifted: [...lifted, ...thresholds] });
    }
  }

  #decline({ counter, by, reason, until }: BudgetDeclineEntry): void {
    const state = this.of(counter);
    assert(state.question !== null, "a question that is declined was asked");
    const question = { ...state.question, until, declined: { by, reason } };
    this.#set(counter, { ...state, question });
  }

  #set(counter: CounterKey, { lifted, granted, question }: OfWindow): void {
    const windows = this.#windows.get(counter.budgetId) ?? new Map<string, OfWindow>();
    windows.set(counterId(counter), { lifted, granted, question });
    this.#windows.set(counter.budgetId, windows);
  }
}
