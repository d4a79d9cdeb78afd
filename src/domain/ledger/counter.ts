/** A counter tracks how much of one budget is spent and held, for one value in one window. */

import type { Budget, Currency } from "../budget/budget.ts";
import type { BudgetPauseEntry, CounterKey, Quantities } from "./entry.ts";

/**
 * Only `Books.apply` changes it. Amounts are in the unit of the key's currency and never negative.
 */
export interface Counter {
  readonly key: CounterKey;
  readonly id: string;
  spent: bigint;
  held: bigint;
  overrun: bigint;
  /** Thresholds that have fired, in parts per million. */
  fired: readonly number[];
  /** The runs whose closing call uses the reserve. */
  closings: Set<string>;
  /** What people decided about it. */
  controls: CounterControls;
  /** The number of open holds that refer to it; it stays in memory while there are any. */
  openHolds: number;
}

/** The persisted state of a counter; an absent one is zero. */
export interface CounterState {
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
  readonly fired: readonly number[];
  readonly closings: ReadonlySet<string>;
}

/** Of all counters without any: a counter gets a set of its own with its first run. */
export const noRuns = new Set<string>();

export const untouched: CounterState & Pick<Counter, "closings"> = {
  spent: 0n,
  held: 0n,
  overrun: 0n,
  fired: [],
  closings: noRuns,
};

/** A pause by a person or a rule, until it is resumed. */
export type Pause = Omit<BudgetPauseEntry, "kind">;

/** Whether people may add money to a counter: asked when a call cannot be paid. */
export interface Question {
  readonly askedAt: number;
  /** When the next refused call asks again. After a decline, until then such calls are refused. */
  readonly until: number;
  /** By the call that asked, in the budget's unit. */
  readonly needed: bigint;
  /** For that call. */
  readonly available: bigint;
  readonly declined: { readonly by: string; readonly reason: string | null } | null;
}

/** What people decided about a counter. It follows from the definitions of the ledger. */
export interface CounterControls {
  /** The pause of the whole budget, or else of the counter's value. */
  readonly pause: Pause | null;
  /** Thresholds, in parts per million, whose pause was lifted for the rest of the window. */
  readonly lifted: readonly number[];
  /** The sum of its extensions. */
  readonly granted: bigint;
  /** The last question, unless an extension or a change of the budget answered it. */
  readonly question: Question | null;
}

export const noControls: CounterControls = {
  pause: null,
  lifted: [],
  granted: 0n,
  question: null,
};

/** The current state of a counter. `available` is negative after an overrun. */
export interface Balance {
  readonly counter: CounterKey;
  /** The amount of the budget and what was granted. */
  readonly limit: bigint;
  /** The part of the limit that people added for this window. */
  readonly granted: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly available: bigint;
  /** The amount past the limit, from charges that exceeded their holds. */
  readonly overrun: bigint;
  readonly paused: BalancePause | null;
  /** The part of the limit that only closing calls may use. */
  readonly reserve: bigint;
  /** As in {@link CounterControls}. */
  readonly question: Question | null;
}

/** Why a counter refuses new calls. */
export interface BalancePause {
  /** The id of a key, `admin`, or what else paused it; `threshold` for a threshold. */
  readonly by: string;
  readonly reason: string | null;
  /** Null for a threshold. */
  readonly at: number | null;
}

/** A unique text for each counter: ids, values and windows are delimited unambiguously. */
export function counterId(key: CounterKey): string {
  return `${key.budgetId}\n${key.value}\n${key.windowStart}\n${key.windowEnd}\n${key.currency}`;
}

/** The amount counted by a counter of this currency. */
export function amountIn(currency: Currency, quantities: Quantities): bigint {
  if (currency === "USD") return quantities.usd;
  return currency === "tokens" ? quantities.tokens : quantities.requests;
}

/** The amount of the budget, and what people added for the counter's window. */
export function limitOf({ controls }: Pick<Counter, "controls">, { amount }: Budget): bigint {
  return controls.granted === 0n ? amount : amount + controls.granted;
}

export function available(counter: Counter, budget: Budget): bigint {
  return limitOf(counter, budget) - counter.spent - counter.held;
}

export function balanceOf(counter: Counter, budget: Budget): Balance {
  return {
    counter: counter.key,
    limit: limitOf(counter, budget),
    granted: counter.controls.granted,
    spent: counter.spent,
    held: counter.held,
    available: available(counter, budget),
    overrun: counter.overrun,
    paused: pauseOf(counter, budget),
    reserve: budget.reserveForClosing ?? 0n,
    question: counter.controls.question,
  };
}

/** Whether a threshold that pauses has fired in this window, and was not lifted. */
export function isPausedByThreshold(counter: Counter, budget: Budget): boolean {
  return counter.fired.length > 0 && pausingThresholds(counter, budget).length > 0;
}

/** The thresholds that pause a counter, in parts per million. */
export function pausingThresholds(
  { fired, controls: { lifted } }: Pick<Counter, "fired" | "controls">,
  { thresholds }: Budget,
): readonly number[] {
  return thresholds.flatMap(({ action, partsPerMillion }) =>
    action === "pause" && fired.includes(partsPerMillion) && !lifted.includes(partsPerMillion)
      ? [partsPerMillion]
      : [],
  );
}

function pauseOf(counter: Counter, budget: Budget): BalancePause | null {
  const { pause } = counter.controls;
  if (pause) return { by: pause.by, reason: pause.reason, at: pause.at };
  return isPausedByThreshold(counter, budget) ? { by: "threshold", reason: null, at: null } : null;
}

/** Whether it equals a counter that does not exist. */
export function isUntouched({ spent, held, overrun, closings }: CounterState): boolean {
  return spent === 0n && held === 0n && overrun === 0n && closings.size === 0;
}

/** The question of a counter that is neither over nor declined. */
export function openQuestion(question: Question | null, at: number): Question | null {
  return question && at < question.until && !question.declined ? question : null;
}
