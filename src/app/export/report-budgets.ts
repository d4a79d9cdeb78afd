/** The budgets of a printed report. */

import { everyValue } from "../../domain/budget/applies.ts";
import type { Principal } from "../caller/principal.ts";
import type { Clock } from "../port/clock.ts";
import type { ReportBudget } from "../port/file-writer.ts";
import type { Ledger } from "../port/ledger.ts";
import { visibleValue } from "../report/scope.ts";

interface BudgetSource {
  readonly ledger: Pick<Ledger, "budgets" | "balances">;
  readonly clock: Pick<Clock, "now">;
}

/** Those of which the caller sees a counter, with their current window. */
export async function reportBudgets(
  caller: Principal,
  { ledger, clock }: BudgetSource,
): Promise<readonly ReportBudget[]> {
  const shown: ReportBudget[] = [];
  for (const budget of ledger.budgets()) {
    const value = visibleValue(caller, budget);
    if (value === undefined || (value === null && budget.resourceId === everyValue)) continue;
    const balances = await ledger.balances(budget.budgetId, clock.now());
    const balance = balances.find(({ counter }) => value === null || counter.value === value);
    const { budgetId, amount, currency } = budget;
    shown.push({ budgetId, limit: amount, currency, spent: balance?.spent ?? 0n });
  }
  return shown;
}
