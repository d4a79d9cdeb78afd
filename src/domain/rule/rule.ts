/** A rule of alerts: its condition, who gets the alert, and where it is escalated. */

import type { AttributionKey } from "../attribution/attribution.ts";

export interface Rule {
  readonly ruleId: string;
  readonly condition: Condition;
  /** Names of notifiers; null for all. */
  readonly notify: readonly string[] | null;
  readonly escalate: Escalation | null;
  /** What its rule also does; null for nothing. */
  readonly action: Action | null;
}

/** Pauses a budget until it is resumed, or the alert's value of a budget for every value. */
export interface PauseAction {
  readonly kind: "pause";
  readonly budgetId: string;
}

/**
 * Serves calls by cheaper models, until the window of the alert ends or the budget is resumed. It
 * concerns the calls that the budget of the condition counts.
 */
export interface ModelAction {
  readonly kind: "model";
  /** By the model that is asked for, the one that serves, both as `PROVIDER/MODEL`. */
  readonly models: Readonly<Record<string, string>>;
}

export type Action = PauseAction | ModelAction;

/** A rule as the ledger has it. */
export interface KeptRule extends Rule {
  /** When its condition was set, in milliseconds since the epoch: earlier charges do not count. */
  readonly since: number;
}

/** Who also gets the alert if it is not acknowledged in time. */
export interface Escalation {
  readonly afterMs: number;
  readonly notify: readonly string[] | null;
}

/** What an amount of a rule counts. */
export type RuleCurrency = "USD" | "tokens";

/** An amount is in the unit of its currency: pico-USD, or tokens. */
export interface RuleAmount {
  readonly amount: bigint;
  readonly currency: RuleCurrency;
}

export interface ThresholdCondition {
  readonly when: "threshold";
  readonly budgetId: string;
  /** Of the budget's amount, in parts per million. */
  readonly partsPerMillion: number;
  /** `forecast`: what the window would spend by its end at its pace so far. */
  readonly of: "actual" | "forecast";
}

export interface AmountCondition extends RuleAmount {
  /** One call, or all calls of one task. */
  readonly when: "operation_over" | "task_over";
}

export interface SpendCondition extends RuleAmount {
  readonly when: "spend_over";
  /** The length of the rolling window. */
  readonly windowMs: number;
  readonly by: AttributionKey;
}

export interface UnpricedCondition {
  readonly when: "unpriced_model";
}

export type Condition = ThresholdCondition | AmountCondition | SpendCondition | UnpricedCondition;

export const conditionNames = [
  "threshold",
  "operation_over",
  "task_over",
  "unpriced_model",
  "spend_over",
] as const satisfies readonly Condition["when"][];
