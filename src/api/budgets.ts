/** Serves `/api/v1/budgets`: limits, and what is left of them. */

import { shownValue, visibleValue } from "../app/report/scope.ts";
import {
  changeBudget,
  createBudget,
  deleteBudget,
  findBudget,
  observeBudget,
} from "../app/manage/manage-budgets.ts";
import {
  budgetChanges,
  budgetDetailSchema,
  budgetInput,
  budgetListQuery,
  budgetPageSchema,
  budgetParams,
  budgetQuery,
  budgetSchema,
  deletedBudgetSchema,
} from "../contract/budget.ts";
import { everyValue } from "../domain/budget/applies.ts";
import { budgetJson, counterJson } from "./budget-json.ts";
import { cutPage, readCursor, type PagedQuery } from "./page.ts";
import { adminOnly, answer, anyKey, created, ok, problem, route, type Route } from "./route.ts";

export const budgetRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/budgets",
    access: adminOnly,
    tag: "budgets",
    summary: "Create a budget",
    body: budgetInput,
    responses: {
      201: answer("Created.", budgetSchema),
      400: problem("A field is invalid."),
      409: problem("The id exists."),
    },
    async handler({ body, context }) {
      const budget = await createBudget(context, body);
      return created(budgetJson(await observeBudget(context, budget, null)));
    },
  }),
  route({
    method: "get",
    path: "/api/v1/budgets",
    access: anyKey,
    tag: "budgets",
    summary: "List budgets with what is left of them",
    description:
      "A caller key sees the budgets that count only its own calls, such as those of its project.",
    query: budgetListQuery,
    responses: { 200: answer("A page of budgets, by id.", budgetPageSchema) },
    async handler({ query, caller, context }) {
      const visible = context.ledger
        .budgets()
        .filter(
          (budget) => query.budget_type === undefined || budget.budgetType === query.budget_type,
        )
        .filter(
          (budget) => query.resource_id === undefined || budget.resourceId === query.resource_id,
        )
        .filter((budget) => visibleValue(caller, budget) !== undefined)
        .sort((left, right) => (left.budgetId < right.budgetId ? -1 : 1));
      const page = pageOf(visible, { list: "budgets", ...query });
      const states = page.rows.map((budget) =>
        observeBudget(context, budget, visibleValue(caller, budget) ?? null),
      );
      const data = (await Promise.all(states)).map(budgetJson);
      return ok({ data, next_cursor: page.nextCursor });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/budgets/{budget_id}",
    access: anyKey,
    tag: "budgets",
    summary: "Get a budget with its current window",
    params: budgetParams,
    query: budgetQuery,
    responses: {
      200: answer("The budget and its figures.", budgetDetailSchema),
      404: problem("No such budget."),
    },
    async handler({ params: { budget_id }, query, caller, context }) {
      const budget = findBudget(context.ledger, budget_id);
      const value = shownValue(caller, budget, query.value);
      const state = await observeBudget(context, budget, value);
      if (budget.resourceId !== everyValue) return ok({ ...budgetJson(state), value: null });
      const page = pageOf(state.counters, { list: "counters", budget_id, ...query });
      const counters = page.rows.map((balance) => counterJson(balance, budget));
      return ok({
        ...budgetJson(state),
        value,
        counters,
        next_cursor: page.nextCursor,
      });
    },
  }),
  route({
    method: "patch",
    path: "/api/v1/budgets/{budget_id}",
    access: adminOnly,
    tag: "budgets",
    summary: "Change a budget; the amount spent is kept",
    params: budgetParams,
    body: budgetChanges,
    responses: {
      200: answer("Changed.", budgetSchema),
      400: problem("A field is invalid."),
      404: problem("No such budget."),
    },
    async handler({ params: { budget_id }, body, context }) {
      const budget = await changeBudget(context, budget_id, body);
      return ok(budgetJson(await observeBudget(context, budget, null)));
    },
  }),
  route({
    method: "delete",
    path: "/api/v1/budgets/{budget_id}",
    access: adminOnly,
    tag: "budgets",
    summary: "Delete a budget; charges stay in the ledger",
    params: budgetParams,
    responses: {
      200: answer("Deleted.", deletedBudgetSchema),
      404: problem("No such budget."),
      409: problem("The budget has children."),
    },
    async handler({ params: { budget_id }, context }) {
      await deleteBudget(context, budget_id);
      return ok({ budget_id, deleted: true });
    },
  }),
];

/** Pages by position: these lists are short and in memory. */
function pageOf<Row>(
  rows: readonly Row[],
  query: PagedQuery & { readonly limit: number; readonly cursor?: string | undefined },
) {
  const numbered = rows.map((row, index) => ({ row, seq: index + 1 }));
  const start = readCursor(query.cursor, query) ?? 0;
  const page = cutPage(numbered.slice(start, start + query.limit + 1), query);
  return { rows: page.rows.map(({ row }) => row), nextCursor: page.nextCursor };
}
