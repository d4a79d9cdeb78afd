/** `/api/v1/budgets`: limits, and what is left of them. */

import { z } from "zod";
import {
  changeBudget,
  createBudget,
  deleteBudget,
  findBudget,
  observeBudget,
  type BudgetState,
} from "../app/manage/manage-budgets.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import type { Budget, Currency } from "../domain/budget/budget.ts";
import { budgetToJson } from "../domain/budget/json.ts";
import { shareOf } from "../domain/budget/threshold.ts";
import { PurserError } from "../domain/error.ts";
import type { Balance } from "../domain/ledger/counter.ts";
import type { Caller } from "./context.ts";
import { cutPage, pageQuery, readCursor } from "./page.ts";
import { adminOnly, anyKey, created, ok, route, type Route } from "./route.ts";
import {
  answer,
  decimalSchema,
  instantInput,
  instantSchema,
  nameSchema,
  pageSchema,
  problem,
  windowJson,
  windowSchema,
} from "./schema.ts";
import { visibleValue } from "./scope.ts";

const decimalInput = z
  .union([z.string(), z.number()])
  .describe('A decimal string, such as "1.50".');
const thresholdInput = z.union([
  z.number(),
  z.string(),
  z.looseObject({ at: z.union([z.number(), z.string()]), action: z.string().optional() }),
]);

/** The shape; the rules, and the nearest name for a field that is not known, are the domain's. */
const budgetFields = {
  parent_budget_id: z.string().nullish(),
  budget_type: z.string().describe("`platform`, a dimension such as `project`, or `tag:NAME`."),
  resource_id: z
    .string()
    .optional()
    .describe(
      "The value that is limited; `*` gives each value a counter of its own. Required but for `platform`, where it is `main` by default.",
    ),
  unattributed: z
    .string()
    .nullish()
    .describe(
      "With `*`: `ignore` (default) leaves calls without a value alone, `count` counts them all on the counter `unattributed`.",
    ),
  amount: decimalInput,
  currency: z.string().nullish().describe("`USD` (default), `tokens` or `requests`."),
  period: z
    .string()
    .nullish()
    .describe("`once`, `hour`, `day`, `week`, `month` (default), `quarter` or `year`."),
  time_zone: z.string().nullish().describe("IANA name; UTC by default."),
  anchor: z
    .int()
    .nullish()
    .describe("Where a window begins: day of the month, weekday, hour or minute."),
  start: z.string().nullish().describe(instantInput),
  end: z.string().nullish().describe(instantInput),
  policy: z.string().nullish().describe("`hard` (default) refuses, `soft` only alerts."),
  warning_threshold: z
    .union([z.number(), z.string()])
    .nullish()
    .describe("A share of the amount; 0.8 by default."),
  thresholds: z.array(thresholdInput).nullish(),
  models: z.array(z.string()).nullish(),
  providers: z.array(z.string()).nullish(),
  unpriced: z
    .union([z.string(), z.looseObject({ policy: z.string() })])
    .nullish()
    .describe("`block` or `allow`, or rates to count by."),
};

const budgetInput = z
  .looseObject({ budget_id: z.string(), ...budgetFields })
  .meta({ id: "BudgetInput" });
const budgetChanges = z.looseObject(budgetFields).partial().meta({ id: "BudgetChanges" });

const budgetSchema = z
  .object({
    budget_id: z.string(),
    parent_budget_id: z.string().nullable(),
    budget_type: z.string(),
    resource_id: z.string(),
    unattributed: z.enum(["ignore", "count"]),
    amount: decimalSchema,
    currency: z.enum(["USD", "tokens", "requests"]),
    period: z.string(),
    time_zone: z.string(),
    anchor: z.int().nullable(),
    start: instantSchema.nullable(),
    end: instantSchema.nullable(),
    policy: z.enum(["hard", "soft"]),
    warning_threshold: z.number().nullable().describe("The lowest threshold."),
    thresholds: z.array(z.object({ at: z.number(), action: z.string() })),
    mode: z.string(),
    models: z.array(z.string()).nullable(),
    providers: z.array(z.string()).nullable(),
    unpriced: z.record(z.string(), z.string()),
    window: windowSchema
      .nullable()
      .describe("The one that is open now; null when the only one has not begun or is over."),
    spent: decimalSchema.describe("In the budget's currency; of all values together for `*`."),
    held: decimalSchema,
    available: decimalSchema
      .nullable()
      .describe("Negative after an overrun; null for all values of `*` together."),
    overrun: decimalSchema.describe("Charged above holds, and past the limit."),
  })
  .meta({ id: "Budget" });

const counterSchema = z
  .object({
    value: z.string(),
    spent: decimalSchema,
    held: decimalSchema,
    available: decimalSchema,
    overrun: decimalSchema,
  })
  .meta({ id: "BudgetCounter" });

const budgetDetailSchema = budgetSchema
  .extend({
    value: z
      .string()
      .nullable()
      .describe("The value that the figures are of, for a budget for every value."),
    counters: z
      .array(counterSchema)
      .optional()
      .describe("One for each value, the most used first."),
    next_cursor: z.string().nullable().optional(),
  })
  .meta({ id: "BudgetDetail" });

const params = z.object({ budget_id: z.string() });
const listQuery = z.strictObject({
  ...pageQuery,
  budget_type: nameSchema.optional(),
  resource_id: nameSchema.optional(),
});
const detailQuery = z.strictObject({
  ...pageQuery,
  value: nameSchema.optional().describe("Of a budget for every value: the one to look at."),
});

export const budgetRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/budgets",
    access: adminOnly,
    tag: "budgets",
    summary: "Make a budget",
    body: budgetInput,
    responses: {
      201: answer("Made.", budgetSchema),
      400: problem("A field is not valid."),
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
      "A caller's key sees the budgets that count nothing but the calls of what it fixes, such as those of its project.",
    query: listQuery,
    responses: { 200: answer("A page of budgets, by id.", pageSchema(budgetSchema)) },
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
      const page = pageOf(visible, query);
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
    summary: "Look at a budget in its current window",
    params,
    query: detailQuery,
    responses: {
      200: answer("The budget and its figures.", budgetDetailSchema),
      404: problem("No such budget."),
    },
    async handler({ params: { budget_id }, query, caller, context }) {
      const budget = findBudget(context.ledger, budget_id);
      const value = valueToSee(caller, budget, query.value);
      const state = await observeBudget(context, budget, value);
      if (budget.resourceId !== "*") return ok({ ...budgetJson(state), value: null });
      const page = pageOf(state.counters, query);
      const counters = page.rows.map((balance) => counterJson(balance, budget.currency));
      return ok({ ...budgetJson(state), value, counters, next_cursor: page.nextCursor });
    },
  }),
  route({
    method: "patch",
    path: "/api/v1/budgets/{budget_id}",
    access: adminOnly,
    tag: "budgets",
    summary: "Change a budget; what was spent stays counted",
    params,
    body: budgetChanges,
    responses: {
      200: answer("Changed.", budgetSchema),
      400: problem("A field is not valid."),
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
    summary: "Delete a budget; what was charged stays in the ledger",
    params,
    responses: {
      200: answer("Deleted.", z.object({ budget_id: z.string(), deleted: z.literal(true) })),
      404: problem("No such budget."),
      409: problem("It has children."),
    },
    async handler({ params: { budget_id }, context }) {
      await deleteBudget(context, budget_id);
      return ok({ budget_id, deleted: true });
    },
  }),
];

/** The value that a caller asks for, within what it may see. Another's budget is as good as absent. */
function valueToSee(caller: Caller, budget: Budget, asked: string | undefined): string | null {
  const own = visibleValue(caller, budget);
  if (own === undefined) {
    throw new PurserError("not_found", `no budget "${budget.budgetId}"`, {
      field: "budget_id",
      remedy: "List budgets to see their ids.",
    });
  }
  if (asked === undefined) return own;
  if (budget.resourceId !== "*") {
    throw new PurserError(
      "invalid_request",
      `value: budget "${budget.budgetId}" has one counter only`,
      {
        field: "value",
        remedy: "Leave it out; it chooses among the values of a budget whose resource_id is *.",
      },
    );
  }
  if (own === null || own === asked) return asked;
  throw new PurserError("forbidden", "value: this key reads another value only", {
    field: "value",
    remedy: `Leave value out.`,
  });
}

/** Paged by position, since these lists live in memory and are short. */
function pageOf<Row>(
  rows: readonly Row[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
) {
  const numbered = rows.map((row, index) => ({ row, seq: index + 1 }));
  const start = readCursor(cursor) ?? 0;
  const page = cutPage(numbered.slice(start, start + limit + 1), limit);
  return { rows: page.rows.map(({ row }) => row), nextCursor: page.nextCursor };
}

function budgetJson({ budget, window, sums }: BudgetState): object {
  const amount = (value: bigint): string => formatAmount(value, budget.currency);
  const [lowest] = budget.thresholds;
  return {
    ...budgetToJson(budget),
    warning_threshold: lowest ? shareOf(lowest) : null,
    window: window && windowJson(window),
    spent: amount(sums.spent),
    held: amount(sums.held),
    available: sums.available === null ? null : amount(sums.available),
    overrun: amount(sums.overrun),
  };
}

function counterJson(balance: Balance, currency: Currency): object {
  const { counter, spent, held, available, overrun } = balance;
  return {
    value: counter.value,
    spent: formatAmount(spent, currency),
    held: formatAmount(held, currency),
    available: formatAmount(available, currency),
    overrun: formatAmount(overrun, currency),
  };
}
