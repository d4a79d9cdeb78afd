/** The part of a limit that a budget keeps back for closing calls, and which run has used it. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Applied } from "./applicable.ts";
import { amountIn, available, type Counter } from "./counter.ts";
import type { Quantities } from "./entry.ts";

/** A call that may use reserves: the closing call of its run. */
export interface Closing {
  readonly run: string;
  /** Budgets whose reserve the call already uses. */
  readonly budgets: readonly string[];
}

/**
 * The run of a call: its session, else its task, else its agent. The text is unique among these.
 *
 * @returns Null for a call with none of them.
 */
export function runOf({ session, task, agent }: Attribution): string | null {
  if (session !== undefined) return `session:${session}`;
  if (task !== undefined) return `task:${task}`;
  return agent === undefined ? null : `agent:${agent}`;
}

/** What a call can still hold in a hard budget. Negative after an overrun or in the reserve. */
export function roomIn(
  { budget, counter }: Pick<Applied, "budget" | "counter">,
  closing: Closing | null,
): bigint {
  const left = available(counter, budget);
  const { reserveForClosing } = budget;
  if (reserveForClosing === undefined) return left;
  return closing && mayClose(counter, closing) ? left : left - reserveForClosing;
}

/** The budgets whose reserve the call begins to use with this amount. */
export function newlyUsed(
  applied: readonly Applied[],
  closing: Closing,
  amount: Quantities,
): readonly string[] {
  return applied.flatMap((one) => {
    const { budget } = one;
    if (budget.reserveForClosing === undefined || one.closed) return [];
    if (closing.budgets.includes(budget.budgetId)) return [];
    return amountIn(budget.currency, amount) > roomIn(one, null) ? [budget.budgetId] : [];
  });
}

function mayClose({ key, closings }: Counter, { run, budgets }: Closing): boolean {
  return budgets.includes(key.budgetId) || !closings.has(run);
}
