/** Creates, changes, deletes and shows budgets. */

import type { Budget } from "../../domain/budget/budget.ts";
import { defineBudget } from "../../domain/budget/define.ts";
import { budgetToJson } from "../../domain/budget/json.ts";
import { everyValue } from "../../domain/budget/applies.ts";
import { windowAt } from "../../domain/budget/window.ts";
import { PurserError } from "../../domain/error.ts";
import {
  counterId,
  openQuestion,
  type Balance,
  type BalancePause,
  type Pause,
  type Question,
} from "../../domain/ledger/counter.ts";
import { announceControl, type Audience } from "../hold/announce.ts";
import type { Waiting } from "../hold/waiting.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import { countingReal } from "../route/simulated.ts";

export interface BudgetContext extends Audience {
  readonly waiting: Pick<Waiting, "roomMade" | "approvals">;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Whether budgets that name no providers ignore simulated calls. */
  readonly simulatedApart?: boolean;
}

/** @throws PurserError `invalid_request` naming the field, `conflict` if the id exists. */
export async function createBudget(context: BudgetContext, input: unknown): Promise<Budget> {
  const { ledger, clock } = context;
  const budget = ignoringSimulated(context, defineBudget(input, { parentOf: parentIn(ledger) }));
  const answer = await ledger.commit({
    kind: "put_budget",
    at: clock.now(),
    budget,
    when: "create",
  });
  announceControl(context, answer.crossed);
  return answer.budget;
}

/**
 * Merges `changes` into a budget; null resets a field to its default. Amounts spent and held are
 * kept.
 *
 * @throws PurserError `not_found`, or `invalid_request` naming the field.
 */
export async function changeBudget(
  context: BudgetContext,
  budgetId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<Budget> {
  const { ledger, clock } = context;
  const old = findBudget(ledger, budgetId);
  const named = changes["budget_id"];
  if (named !== undefined && named !== budgetId) {
    throw new PurserError("invalid_request", "budget_id: cannot change", {
      field: "budget_id",
      remedy: "Create a budget with the new id, and delete the old one.",
    });
  }
  const budget = ignoringSimulated(
    context,
    defineBudget(layOver(old, changes), { parentOf: parentIn(ledger) }),
  );
  const answer = await ledger.commit({
    kind: "put_budget",
    at: clock.now(),
    budget,
    when: "replace",
  });
  announceControl(context, answer.crossed);
  return answer.budget;
}

/** Charges stay in the ledger. @throws PurserError `not_found`, `conflict` if it has children. */
export async function deleteBudget(context: BudgetContext, budgetId: string): Promise<void> {
  await context.ledger.commit({ kind: "delete_budget", at: context.clock.now(), budgetId });
  announceControl(context);
}

/** @throws PurserError `not_found`. */
export function findBudget(ledger: Ledger, budgetId: string): Budget {
  const budget = ledger.budget(budgetId);
  if (budget) return budget;
  throw new PurserError("not_found", `no budget "${budgetId}"`, {
    field: "budget_id",
    remedy: "List budgets to see their ids.",
  });
}

/** A budget in its current window. */
export interface BudgetState {
  readonly budget: Budget;
  /** Null if its only window has not begun or is over. */
  readonly window: { readonly start: number; readonly end: number | null } | null;
  /** Sums over all counters, or over those of one value. */
  readonly sums: BudgetSums;
  /**
   * For a budget with one counter per value (`*`): the counters, most used first. Otherwise empty.
   */
  readonly counters: readonly ObservedBalance[];
  /** The open question: of a budget for every value, the oldest, or that of the value shown. */
  readonly approval: Approval | null;
  /** Why new calls are refused: the whole budget, or the value that is shown. */
  readonly paused: BalancePause | null;
  /** The values that are paused by themselves, by name, if all values are shown. */
  readonly pausedValues: readonly string[];
}

/** A question to people, while calls may wait for the answer. */
export interface Approval extends Question {
  readonly value: string;
  /** How many calls wait now. None after a restart: their connections are closed. */
  readonly waiting: number;
}

export interface ObservedBalance extends Balance {
  readonly approval: Approval | null;
}

export interface BudgetSums {
  readonly spent: bigint;
  readonly held: bigint;
  readonly overrun: bigint;
  /** The amount left; null for several counters together, because none may use another's. */
  readonly available: bigint | null;
  /** What people added for this window; null for several counters together. */
  readonly granted: bigint | null;
}

interface Observed {
  readonly ledger: Pick<Ledger, "balances" | "pauseOf" | "pausesOf">;
  readonly clock: Clock;
  readonly waiting: Pick<Waiting, "approvals">;
}

/** @param value Of a budget for every value: the one to look at; null for all. */
export async function observeBudget(
  { ledger, clock, waiting }: Observed,
  budget: Budget,
  value: string | null,
): Promise<BudgetState> {
  const at = clock.now();
  const open = windowAt(budget, at);
  const kept = await ledger.balances(budget.budgetId, at);
  const balances = kept.map((balance) => withApproval(waiting, balance, at));
  const window = typeof open === "string" ? null : open;
  const pauses = ledger.pausesOf(budget.budgetId);
  const paused = ledger.pauseOf(budget.budgetId, value);
  if (budget.resourceId !== everyValue) {
    const sums = sumsOf(balances, budget);
    const [one] = balances;
    const [approval, pause] = [one?.approval ?? null, one?.paused ?? paused];
    return { budget, window, sums, counters: [], paused: pause, pausedValues: [], approval };
  }
  if (value !== null) {
    const one = balances.filter(({ counter }) => counter.value === value);
    const sums = sumsOf(one, budget);
    const [approval, pause] = [one[0]?.approval ?? null, one[0]?.paused ?? paused];
    return { budget, window, sums, counters: one, paused: pause, pausedValues: [], approval };
  }
  const counters = [...balances].sort(byUse);
  const sums = { ...sumsOf(balances, budget), available: null, granted: null };
  const pausedValues = pausedIn(pauses, balances);
  return { budget, window, sums, counters, paused, pausedValues, approval: oldest(balances) };
}

function withApproval(
  { approvals }: Observed["waiting"],
  balance: Balance,
  at: number,
): ObservedBalance {
  const { counter, question } = balance;
  const open = openQuestion(question, at);
  const waiting = approvals.waitingFor(counterId(counter));
  return { ...balance, approval: open && { ...open, value: counter.value, waiting } };
}

/** Values that were paused by name, or by a threshold. */
function pausedIn(pauses: readonly Pause[], balances: readonly Balance[]): readonly string[] {
  const named = pauses.flatMap(({ value }) => value ?? []);
  const full = balances.filter(({ paused }) => paused?.by === "threshold");
  return [...new Set([...named, ...full.map(({ counter }) => counter.value)])].sort();
}

function oldest(balances: readonly ObservedBalance[]): Approval | null {
  const open = balances.flatMap(({ approval }) => approval ?? []);
  return open.sort((left, right) => left.askedAt - right.askedAt)[0] ?? null;
}

function sumsOf(balances: readonly Balance[], budget: Budget): BudgetSums {
  const sum = (field: "spent" | "held" | "overrun" | "granted"): bigint =>
    balances.reduce((total, balance) => total + balance[field], 0n);
  const spent = sum("spent");
  const held = sum("held");
  const granted = sum("granted");
  const available = budget.amount + granted - spent - held;
  return { spent, held, overrun: sum("overrun"), available, granted };
}

function byUse(left: Balance, right: Balance): number {
  const difference = right.spent + right.held - left.spent - left.held;
  if (difference !== 0n) return difference > 0n ? 1 : -1;
  return left.counter.value < right.counter.value ? -1 : 1;
}

function ignoringSimulated(
  { simulatedApart = false }: Pick<BudgetContext, "simulatedApart">,
  budget: Budget,
): Budget {
  return simulatedApart ? countingReal(budget) : budget;
}

function parentIn(ledger: Ledger): (budgetId: string) => string | null | undefined {
  return (budgetId) => {
    const budget = ledger.budget(budgetId);
    return budget && budget.parentBudgetId;
  };
}

/** Alternative names of the same field: setting one replaces the others. */
const synonyms: readonly (readonly string[])[] = [
  ["thresholds", "warning_threshold"],
  ["time_zone", "timezone"],
  ["start", "period_start"],
  ["end", "period_end"],
];

function layOver(old: Budget, changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...budgetToJson(old) };
  for (const names of synonyms)
    if (names.some((name) => name in changes)) for (const name of names) delete fields[name];
  const periodChanged = changes["period"] !== undefined && changes["period"] !== old.period;
  if (periodChanged) for (const name of ["anchor", "start", "end"]) delete fields[name];
  if (changes["on_exhausted"] !== undefined) delete fields["ask_timeout"];
  return { ...fields, ...changes };
}
