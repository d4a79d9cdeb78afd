/** Which calls a budget counts, and on which of its counters. */

import { attributedTo, type Attribution } from "../attribution/attribution.ts";
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
  if (!matchesName(budget.providers, subject.provider) || !matchesName(budget.models, subject.model)) return false;
  if (budget.budgetType === "platform" || budget.resourceId === everyValue) return true;
  return attributedTo(subject.attribution, budget.budgetType) === budget.resourceId;
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
