/** An alert: a rule that fired for one value, once per window. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Currency } from "../budget/budget.ts";
import type { Action, Condition, Escalation } from "./rule.ts";

export interface Alert {
  readonly ruleId: string;
  readonly when: Condition["when"];
  /** A value of a budget, an operation, a task, a model, or a value of a dimension. */
  readonly value: string;
  /** The time of the charge that met the condition, in milliseconds since the epoch. */
  readonly chargedAt: number;
  /** The window that the figure sums; a null side is open. */
  readonly window: { readonly start: number | null; readonly end: number | null };
  /** The rule does not fire again for this value before; null for never. */
  readonly until: number | null;
  /** In the unit of the currency. */
  readonly figure: bigint;
  readonly limit: bigint;
  readonly currency: Currency;
  /** The spender that it is about: decides who may see it. */
  readonly attribution: Attribution;
  readonly budgetId: string | null;
  readonly operationId: string | null;
  /** As the rule had it when it fired. */
  readonly notify: readonly string[] | null;
  readonly escalate: Escalation | null;
  /** What its rule also does, as it was when it fired; null for nothing. */
  readonly action: Action["kind"] | null;
}

export interface Acknowledgement {
  readonly at: number;
  /** The name of the key. */
  readonly by: string;
  readonly note: string | null;
}

/** An alert as the ledger has it. */
export interface KeptAlert extends Alert {
  readonly firedAt: number;
  readonly acknowledged: Acknowledgement | null;
  readonly escalatedAt: number | null;
  /** When its budget was resumed, which ends what its rule did to it. */
  readonly resumedAt: number | null;
}

/** A rule has one alert per value: the last one. */
export function alertKey({ ruleId, value }: Pick<Alert, "ruleId" | "value">): string {
  return `${ruleId}\n${value}`;
}

/**
 * Whether an alert keeps its rule from firing again for the same value. A threshold fires once for
 * each window, at whatever time its calls are charged; for a window that is over, only before it
 * has fired for a later one.
 */
export function covers(
  kept: KeptAlert | undefined,
  alert: Pick<Alert, "when" | "chargedAt" | "window" | "until">,
): boolean {
  if (kept === undefined) return false;
  if (alert.when !== "threshold") return kept.until === null || alert.chargedAt < kept.until;
  const [keptStart, start] = [kept.window.start ?? 0, alert.window.start ?? 0];
  if (keptStart === start && kept.until === alert.until) return true;
  return alert.until !== null && alert.until <= keptStart;
}
