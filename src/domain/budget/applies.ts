/** Decides which calls a budget counts, and on which of its counters. */

import { attributedTo, unattributed, type Attribution } from "../attribution/attribution.ts";
import type { Budget } from "./budget.ts";
import { matchesName } from "../input/name-pattern.ts";
import { countsModel } from "../price/id/model-pattern.ts";

/** What is known of a call before it is held. */
export interface BudgetSubject {
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
}

/**
 * Whether the budget itself selects the call. If not, it may still apply as the ancestor of one
 * that does.
 */
export function appliesTo(budget: Budget, subject: BudgetSubject): boolean {
  if (!mayCount(budget, subject)) return false;
  if (budget.budgetType === "platform" || budget.resourceId === everyValue) return true;
  return attributedTo(subject.attribution, budget.budgetType) === budget.resourceId;
}

/**
 * Whether the budget, which may be an ancestor, counts the call: its model and provider must match,
 * and a budget with a counter per value skips calls without a value, since a limit per value cannot
 * apply to them.
 */
export function mayCount(budget: Budget, { attribution, provider, model }: BudgetSubject): boolean {
  if (!matchesName(budget.providers, provider) || !countsModel(budget.models, model)) return false;
  return (
    budget.unattributed === "count" ||
    valueFor(budget, attribution) !== unattributed ||
    budget.resourceId !== everyValue
  );
}

/**
 * The value whose counter a call draws on: for a budget with `*`, the call's own value
 * (`unattributed` when it has none); otherwise the budget's resource id.
 */
export function valueFor(budget: Budget, attribution: Attribution): string {
  if (budget.budgetType === "platform" || budget.resourceId !== everyValue)
    return budget.resourceId;
  return attributedTo(attribution, budget.budgetType);
}

/** As a resource id: each distinct value has its own counter. */
export const everyValue = "*";
