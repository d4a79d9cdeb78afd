/** Finds the budgets of teams, and what each gives to a team. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { everyValue } from "../../domain/budget/applies.ts";
import type { Budget } from "../../domain/budget/budget.ts";
import type { Window } from "../../domain/budget/window.ts";
import type { Balance } from "../../domain/ledger/counter.ts";
import { countedWindow } from "../../domain/ledger/recount.ts";
import type { Principal } from "../caller/principal.ts";
import type { Ledger } from "../port/ledger.ts";
import { visibleValue } from "./scope.ts";

/** What a budget gives to one team in its current window. */
export interface Allotment {
  readonly team: string;
  readonly budget: Budget;
  readonly window: Window;
  readonly balance: Pick<Balance, "limit" | "spent" | "held" | "paused">;
}

export interface VisibleBudget {
  readonly budget: Budget;
  /** The team whose counter the caller sees; null for all. */
  readonly value: string | null;
}

/** Budgets of teams that count all calls: those of some models or providers are left out. */
export function teamBudgets(
  ledger: Pick<Ledger, "budgets">,
  caller: Principal,
): readonly VisibleBudget[] {
  return ledger.budgets().flatMap((budget): readonly VisibleBudget[] => {
    const value = visibleValue(caller, budget);
    const isOfTeams = budget.budgetType === "team" && countsAll(budget);
    return isOfTeams && value !== undefined ? [{ budget, value }] : [];
  });
}

/** A budget that leaves out a provider, such as the simulator, counts all others. */
function countsAll({ models, providers }: Budget): boolean {
  return models === null && (providers ?? []).every((name) => name.startsWith("!"));
}

/** @param teams Known teams: a budget for every value gives to those without a counter, too. */
export async function allotmentsOf(
  ledger: Pick<Ledger, "balances">,
  budgets: readonly VisibleBudget[],
  { now, teams }: { readonly now: number; readonly teams: readonly string[] },
): Promise<readonly Allotment[]> {
  const found: Allotment[] = [];
  for (const { budget, value } of budgets) {
    const window = countedWindow(budget, now);
    const balances = await ledger.balances(budget.budgetId, now);
    const byTeam = new Map<string, Allotment["balance"]>(
      balances.map((balance) => [balance.counter.value, balance]),
    );
    if (budget.resourceId === everyValue)
      for (const team of teams.filter((one) => gives(budget, one)))
        if (!byTeam.has(team)) byTeam.set(team, unused(budget));
    for (const [team, balance] of byTeam)
      if (value === null || team === value) found.push({ team, budget, window, balance });
  }
  return found;
}

function gives({ unattributed: counts }: Budget, team: string): boolean {
  return team !== unattributed || counts === "count";
}

function unused({ amount }: Budget): Allotment["balance"] {
  return { limit: amount, spent: 0n, held: 0n, paused: null };
}

/** Of several budgets of a team in one currency and period, the one with the least left. */
export function tightest(allotments: readonly Allotment[]): readonly Allotment[] {
  const groups = Map.groupBy(allotments, ({ team, budget: { currency, period } }) =>
    JSON.stringify([team, currency, period]),
  );
  const left = ({ balance }: Allotment): bigint => balance.limit - balance.spent;
  return [...groups.values()].flatMap((same) =>
    same.reduce<readonly Allotment[]>(
      ([least], one) => [least && left(least) <= left(one) ? least : one],
      [],
    ),
  );
}
