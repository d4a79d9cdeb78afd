/** The commands by which people control budgets in use. */

import type { Balance } from "./counter.ts";

interface Control {
  readonly at: number;
  readonly budgetId: string;
  /** One counter of a budget for every value; null for the whole budget. */
  readonly value: string | null;
  /** The id of a key, `admin`, or what else decided it. */
  readonly by: string;
  readonly reason: string | null;
}

/** Refuses new calls of a budget until it is resumed. Calls under way go on. */
export interface PauseBudgetCommand extends Control {
  readonly kind: "pause_budget";
}

/**
 * Ends all pauses, those by thresholds included: they do not pause again in this window. Ends the
 * replacement of models by rules, too, for the rest of the window.
 */
export interface ResumeBudgetCommand extends Control {
  readonly kind: "resume_budget";
}

/** Adds to the limit of a counter until its current window ends. */
export interface ExtendBudgetCommand extends Control {
  readonly kind: "extend_budget";
  /** In the budget's unit; positive. */
  readonly amount: bigint;
  /** The time of the question that it answers. Without, it is no answer to a certain question. */
  readonly askedAt?: number;
}

/** Asks people for more money for a counter. One question is open at a time. */
export interface AskBudgetCommand extends Pick<Control, "at" | "budgetId"> {
  readonly kind: "ask_budget";
  /** Of the counter. */
  readonly value: string;
  /** By the call that cannot be paid, in the budget's unit. */
  readonly needed: bigint;
}

/** Answers the question of a counter: no more money. */
export interface DeclineBudgetCommand extends Control {
  readonly kind: "decline_budget";
  /** The time of the question that is meant; by default, the open one. */
  readonly askedAt?: number;
}

export type ControlCommand =
  | PauseBudgetCommand
  | ResumeBudgetCommand
  | ExtendBudgetCommand
  | DeclineBudgetCommand;

export interface ControlAnswerOf {
  /** `repeated`: it was paused before; nothing changed, and the first reason is kept. */
  readonly pause_budget: { readonly repeated: boolean };
  /** `repeated`: it was not paused; nothing changed. */
  readonly resume_budget: { readonly repeated: boolean };
  readonly extend_budget: { readonly balance: Balance };
  /** `open`: a question is open. Otherwise the budget was changed, or now has room. */
  readonly ask_budget: { readonly open: boolean };
  readonly decline_budget: { readonly balance: Balance };
}
