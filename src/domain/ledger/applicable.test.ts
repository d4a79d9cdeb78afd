/** The order of the budgets of a call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold, Desk } from "./desk.test-kit.ts";

/**
 * Ids whose alphabet is neither the order of the tree nor its reverse; made from the widest on, as
 * they have to be.
 */
const tree = [
  { budgetId: "m-all", parentBudgetId: null },
  { budgetId: "z-team", parentBudgetId: "m-all", budgetType: "team", resourceId: "t" },
  { budgetId: "a-project", parentBudgetId: "z-team", budgetType: "project", resourceId: "p" },
  { budgetId: "n-task", parentBudgetId: "a-project", budgetType: "task", resourceId: "k" },
] as const;
const attribution = { team: "t", project: "p", task: "k" };

test("of several exhausted budgets the narrowest refuses, regardless of alphabetical order", () => {
  const desk = new Desk();
  for (const budget of tree) desk.budget({ ...budget, amount: 5n });
  const refused = desk.run(aHold("op", 10n, { attribution }));
  assert.equal(!refused.admitted && refused.refusal.budgetId, "n-task");
});

test("budgets are ordered from the narrowest to the widest", () => {
  const desk = new Desk();
  for (const budget of tree) desk.budget({ ...budget, amount: 1000n });
  const found = desk.books.applied(
    { attribution, route: { provider: "p", model: "m" }, budgets: [] },
    1,
  );
  assert.deepEqual(
    found.map(({ budget }) => budget.budgetId),
    ["n-task", "a-project", "z-team", "m-all"],
  );
});
