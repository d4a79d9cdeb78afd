/**
 * Lists the budgets that apply to a call and what is left in each. For reports, not for admission.
 */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { Applicable, type Applied } from "../../domain/ledger/applicable.ts";
import { counterId, noControls, untouched, type Counter } from "../../domain/ledger/counter.ts";
import type { CounterKey } from "../../domain/ledger/entry.ts";
import type { Ledger } from "../port/ledger.ts";

export interface Subject {
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
  /** Budgets that the key adds. */
  readonly budgets: readonly string[];
}

/** From the narrowest budget to the widest. */
export async function appliedBudgets(
  ledger: Ledger,
  { attribution, provider, model, budgets: added }: Subject,
  at: number,
): Promise<readonly Applied[]> {
  const budgets = new Map(ledger.budgets().map((budget) => [budget.budgetId, budget]));
  const applied = new Applicable(budgets, (key) => key).find(
    { attribution, route: { provider, model }, budgets: added },
    at,
  );
  return await Promise.all(
    applied.map(async ({ counter: key, ...one }) => ({
      ...one,
      counter: await counterNow(ledger, key, at),
    })),
  );
}

async function counterNow(ledger: Ledger, key: CounterKey, at: number): Promise<Counter> {
  const id = counterId(key);
  const balances = await ledger.balances(key.budgetId, at);
  const balance = balances.find(({ counter }) => counterId(counter) === id);
  const pause = ledger.pauseOf(key.budgetId, key.value);
  if (!balance) return { key, id, ...untouched, controls: { ...noControls, pause }, openHolds: 0 };
  return {
    key,
    id,
    spent: balance.spent,
    held: balance.held,
    overrun: balance.overrun,
    fired: [],
    closings: untouched.closings,
    controls: { ...noControls, pause, granted: balance.granted, question: balance.question },
    openHolds: 0,
  };
}
