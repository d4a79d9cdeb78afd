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

/** The pause of a budget that applies to a value: of the whole budget, or else of the value. */
export function pauseFor(pauses: readonly Pause[], value: string | null): Pause | null {
  const whole = pauses.find((pause) => pause.value === null);
  return whole ?? pauses.find((pause) => pause.value === value) ?? null;
}

export class Controls {
  /** By budget id. */
  readonly #pauses = new Map<string, readonly Pause[]>();
  /** By budget id and counter id. */
  readonly #windows = new Map<string, Map<string, OfWindow>>();

  /** The pauses of a budget in force, oldest first. */
  pausesOf(budgetId: string): readonly Pause[] {
    return this.#pauses.get(budgetId) ?? [];
  }

  of(key: CounterKey): CounterControls {
    const { budgetId } = key;
    const [pauses, windows] = [this.#pauses.get(budgetId), this.#windows.get(budgetId)];
    if (!pauses && !windows) return noControls;
    const pause = pauseFor(pauses ?? [], key.value);
    return { ...(windows?.get(counterId(key)) ?? noControls), pause };
  }

  apply(entry: ControlEntry): void {
    switch (entry.kind) {
      case "budget_pause": {
        const { kind: _, ...pause } = entry;
        this.#pauses.set(entry.budgetId, [...this.pausesOf(entry.budgetId), pause]);
        return;
      }
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

  #resume({ budgetId, value, lifted: all }: BudgetResumeEntry): void {
    const kept = value === null ? [] : this.pausesOf(budgetId).filter((one) => one.value !== value);
    if (kept.length === 0) this.#pauses.delete(budgetId);
    else this.#pauses.set(budgetId, kept);
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
