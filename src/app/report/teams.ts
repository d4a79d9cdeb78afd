/** The budgets of teams: what each was allocated, has used, and pays for a deliverable. */

import type { Budget, Currency, Period } from "../../domain/budget/budget.ts";
import { everyValue } from "../../domain/budget/applies.ts";
import type { Window } from "../../domain/budget/window.ts";
import type { Principal } from "../caller/principal.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";
import type { Range } from "./range.ts";
import { visibleValue } from "./scope.ts";
import { amountOf, readTeamFigures, type TeamFigures } from "./team-figures.ts";
import { allotmentsOf, teamBudgets, tightest, type Allotment } from "./team-budgets.ts";
import { statusOf, type TeamStatus } from "./team-status.ts";

export interface TeamQuery extends Range {
  readonly filter: CallFilter;
  /** What is counted as a deliverable: a dimension, or `tag:NAME`. */
  readonly deliverable: string;
}

export interface TeamContext {
  readonly ledger: Pick<Ledger, "budgets" | "balances">;
  readonly reader: Pick<LedgerReader, "totals" | "distinct">;
  readonly clock: Clock;
}

/** Amounts are in the smallest unit of the currency. */
export interface TeamRow {
  readonly team: string;
  /** Null for a team without a budget: it has used what its calls cost in the range. */
  readonly budget: Budget | null;
  readonly window: Window;
  /** What is counted: the window, or the range, until now. */
  readonly counted: Range;
  readonly currency: Currency;
  readonly allocated: bigint | null;
  readonly used: bigint;
  readonly held: bigint;
  readonly figures: TeamFigures;
  readonly status: TeamStatus;
}

/** The sums of the rows of one currency and period; a period of null is that of no budget. */
export interface TeamTotal {
  readonly currency: Currency;
  readonly period: Period | null;
  readonly rows: readonly TeamRow[];
  readonly allocated: bigint | null;
  readonly used: bigint;
  readonly held: bigint;
  readonly status: TeamStatus;
}

/** A budget above those of teams, with what they were allocated together. */
export interface ParentBudget {
  readonly budget: Budget;
  readonly allocated: bigint;
  /** The amounts of all its children of the same currency and period. */
  readonly children: bigint;
}

export interface Teams {
  /** By name. */
  readonly rows: readonly TeamRow[];
  readonly totals: readonly TeamTotal[];
  readonly parents: readonly ParentBudget[];
}

/** Every team that has a budget that the caller may see, or calls in the range. */
export async function teams(
  context: TeamContext,
  caller: Principal,
  query: TeamQuery,
): Promise<Teams> {
  const now = context.clock.now();
  const figures = new FiguresByWindow(context.reader, query, now);
  const usual = await figures.of({ start: query.from, end: query.to });
  const budgets = teamBudgets(context.ledger, caller);
  const allotments = await allotmentsOf(context.ledger, budgets, { now, teams: [...usual.keys()] });
  const rows: TeamRow[] = [];
  const wanted = query.filter.attribution?.["team"];
  for (const allotment of tightest(allotments))
    if (wanted === undefined || allotment.team === wanted)
      rows.push(allottedRow(allotment, await figures.of(allotment.window), now));
  const budgeted = new Set(rows.map(({ team }) => team));
  for (const [team, own] of usual)
    if (!budgeted.has(team)) rows.push(rowWithoutBudget(team, own, query));
  const sorted = rows.sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  return {
    rows: sorted,
    totals: totalsOf(sorted, now),
    parents: parentsOf(context, caller, sorted),
  };
}

function nameOf({ team, currency, budget }: TeamRow): string {
  return JSON.stringify([team, currency, budget?.period]);
}

/** Each window is read once. */
class FiguresByWindow {
  readonly #reader: TeamContext["reader"];
  readonly #query: TeamQuery;
  readonly #now: number;
  readonly #known = new Map<string, Promise<ReadonlyMap<string, TeamFigures>>>();

  constructor(reader: TeamContext["reader"], query: TeamQuery, now: number) {
    this.#reader = reader;
    this.#query = query;
    this.#now = now;
  }

  of(window: Window): Promise<ReadonlyMap<string, TeamFigures>> {
    const { filter, deliverable } = this.#query;
    const counted = untilNow(window, this.#now);
    const key = `${counted.from} ${counted.to}`;
    const known = this.#known.get(key);
    if (known) return known;
    const read = readTeamFigures(this.#reader, { ...filter, ...counted }, deliverable);
    this.#known.set(key, read);
    return read;
  }
}

function untilNow({ start, end }: Window, now: number): Range {
  const to = Math.min(end ?? now + 1, now + 1);
  return { from: Math.min(start, to - 1), to };
}

const noFigures: TeamFigures = {
  all: { cost: 0n, tokens: 0n, calls: 0, charges: 0 },
  delivered: { cost: 0n, tokens: 0n, calls: 0, charges: 0 },
  deliverables: 0,
};

function allottedRow(
  { team, budget, window, balance }: Allotment,
  figures: ReadonlyMap<string, TeamFigures>,
  now: number,
): TeamRow {
  const { limit: allocated, spent: used, held, paused } = balance;
  return {
    team,
    budget,
    window,
    counted: untilNow(window, now),
    currency: budget.currency,
    allocated,
    used,
    held,
    figures: figures.get(team) ?? noFigures,
    status: paused ? "paused" : statusOf({ allocated, used, held, budget, window }, now),
  };
}

function rowWithoutBudget(team: string, figures: TeamFigures, { from, to }: Range): TeamRow {
  return {
    team,
    budget: null,
    window: { start: from, end: to },
    counted: { from, to },
    currency: "USD",
    allocated: null,
    used: figures.all.cost,
    held: 0n,
    figures,
    status: "no_budget",
  };
}

function totalsOf(rows: readonly TeamRow[], now: number): readonly TeamTotal[] {
  const groups = Map.groupBy(rows, ({ currency, budget }) => `${currency} ${budget?.period}`);
  return [...groups.values()].flatMap((same): readonly TeamTotal[] => {
    const [first] = same;
    if (!first) return [];
    const { currency, budget } = first;
    const used = sum(same.map((row) => row.used));
    const held = sum(same.map((row) => row.held));
    const allocated = budget && sum(same.map((row) => row.allocated ?? 0n));
    const status = allocated === null ? "no_budget" : statusOf({ allocated, used, held }, now);
    const period = budget?.period ?? null;
    return [{ currency, period, rows: same, allocated, used, held, status }];
  });
}

/** What its calls that have a deliverable cost, in the currency of the rows. */
export function deliveredOf(rows: readonly TeamRow[]): {
  readonly amount: bigint;
  readonly deliverables: number;
  readonly calls: number;
} {
  return {
    amount: sum(rows.map(({ figures, currency }) => amountOf(figures.delivered, currency))),
    deliverables: rows.reduce((count, { figures }) => count + figures.deliverables, 0),
    calls: rows.reduce((count, { figures }) => count + figures.delivered.calls, 0),
  };
}

/** A child for every value allocates its amount once for each team that is listed with it. */
function parentsOf(
  { ledger }: TeamContext,
  caller: Principal,
  rows: readonly TeamRow[],
): readonly ParentBudget[] {
  const all = ledger.budgets();
  const ids = new Set(rows.map(({ budget }) => budget?.parentBudgetId));
  return all
    .filter((budget) => ids.has(budget.budgetId) && seesWhole(caller, budget))
    .map((budget): ParentBudget => {
      const children = all.filter(
        ({ parentBudgetId, currency, period }) =>
          parentBudgetId === budget.budgetId &&
          currency === budget.currency &&
          period === budget.period,
      );
      const amounts = children.map((child) => child.amount * shareCount(child, rows));
      return { budget, allocated: budget.amount, children: sum(amounts) };
    });
}

/** Whether the caller may see a budget with one counter. */
function seesWhole(caller: Principal, budget: Budget): boolean {
  return budget.resourceId !== everyValue && visibleValue(caller, budget) === null;
}

function shareCount({ resourceId, budgetId }: Budget, rows: readonly TeamRow[]): bigint {
  if (resourceId !== everyValue) return 1n;
  return BigInt(rows.filter(({ budget }) => budget?.budgetId === budgetId).length);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
