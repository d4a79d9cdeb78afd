/** The notifiers and budgets that a rule may name. */

import { everyValue } from "../budget/applies.ts";
import type { Budget, BudgetType } from "../budget/budget.ts";

export interface RuleNames {
  readonly notifiers: readonly string[];
  readonly budgets: readonly string[];
  /** The types of the budgets with a counter for every value, by id. */
  readonly perValue: ReadonlyMap<string, BudgetType>;
}

/** The budgets that a rule may name. */
export function budgetNames(
  budgets: readonly Pick<Budget, "budgetId" | "budgetType" | "resourceId">[],
): Pick<RuleNames, "budgets" | "perValue"> {
  const each = budgets.filter(({ resourceId }) => resourceId === everyValue);
  return {
    budgets: budgets.map(({ budgetId }) => budgetId),
    perValue: new Map(each.map(({ budgetId, budgetType }) => [budgetId, budgetType])),
  };
}
