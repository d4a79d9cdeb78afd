/** Which calls a budget counts, and on which of its counters. */

import { attributedTo, unattributed, type Attribution } from "../attribution/attribution.ts";
import type { Budget } from "./budget.ts";
import { matchesName } from "../input/name-pattern.ts";

/** What is known of a call before it is held. */
export interface BudgetSubject {
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
}

/** Whether the budget selects the call by itself. It may still have to pass it as the ancestor of a budget that does. */
export function appliesTo(budget: Budget, subject: BudgetSubject): boolean {
  if (!mayCount(budget, subject)) return false;
  if (budget.budgetType === "platform" || budget.resourceId === everyValue) return true;
  return attributedTo(subject.attribution, budget.budgetType) === budget.resourceId;
}

/**
 * Whether the budget, which may be an ancestor, counts the call at all: by its model and provider, and, where it has a counter for
 * every value, by whether the call has one. Calls without a value have nothing in common that a limit for each value could be for.
 */
export function mayCount(budget: Budget, { attribution, provider, model }: BudgetSubject): boolean {
  if (!matchesName(budget.providers, provider) || !matchesName(budget.models, model)) return false;
  return budget.unattributed === "count" || valueFor(budget, attribution) !== unattributed || budget.resourceId !== everyValue;
}

/**
 * The value whose counter a call draws on: of a budget for every value, the call's own (`unattributed` when it has none);
 * of any other, the budget's resource id.
 */
export function valueFor(budget: Budget, attribution: Attribution): string {
  if (budget.budgetType === "platform" || budget.resourceId !== everyValue) return budget.resourceId;
  return attributedTo(attribution, budget.budgetType);
}

/** As a resource id: each distinct value has a counter of its own. */
export const everyValue = "*";
