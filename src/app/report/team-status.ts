/** How far a team is with its budget. */

import type { Budget } from "../../domain/budget/budget.ts";
import type { Window } from "../../domain/budget/window.ts";
import { forecastSpend } from "../../domain/rule/forecast.ts";

export const teamStatuses = [
  "no_budget",
  "paused",
  "pending",
  "over",
  "warning",
  "at_risk",
  "on_target",
  "active",
] as const;

export type TeamStatus = (typeof teamStatuses)[number];

export interface Use {
  readonly allocated: bigint;
  readonly used: bigint;
  readonly held: bigint;
  /** Absent for several budgets together. */
  readonly budget?: Pick<Budget, "thresholds">;
  readonly window?: Window;
}

/** The share of an amount at which a budget warns by default, in parts per million. */
const usualWarning = 800_000;
const whole = 1_000_000n;

/**
 * The first that applies: `pending`, nothing is used or held; `over`, more is used than was
 * allocated; `warning`, the lowest threshold is reached; `at_risk`, the window will use more at its
 * pace so far; `active`, calls are in flight; `on_target`.
 */
export function statusOf({ allocated, used, held, budget, window }: Use, now: number): TeamStatus {
  if (used === 0n) return held === 0n ? "pending" : "active";
  if (used > allocated) return "over";
  const lowest = budget ? budget.thresholds[0]?.partsPerMillion : usualWarning;
  if (lowest !== undefined && used * whole >= allocated * BigInt(lowest)) return "warning";
  const forecast = window ? forecastSpend(used, window, now) : null;
  if (forecast !== null && forecast > allocated) return "at_risk";
  return held > 0n ? "active" : "on_target";
}
