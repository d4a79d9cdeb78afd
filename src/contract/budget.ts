/** Schemas of budgets: their limits, and their figures in the current window. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { decimalSchema, instantInput, instantSchema, nameSchema, windowSchema } from "./value.ts";

const decimalInput = z
  .union([z.string(), z.number()])
  .describe('A decimal string, such as "1.50".');
const thresholdInput = z.union([
  z.number(),
  z.string(),
  z.looseObject({ at: z.union([z.number(), z.string()]), action: z.string().optional() }),
]);

/** Only the shape: the domain checks the rules, and suggests names for unknown fields. */
const budgetFields = {
  parent_budget_id: z.string().nullish(),
  budget_type: z.string().describe("`platform`, a dimension such as `project`, or `tag:NAME`."),
  resource_id: z
    .string()
    .optional()
    .describe(
      "The value to limit; `*` gives each value its own counter. Required except for `platform`, where it is `main`.",
    ),
  unattributed: z
    .string()
    .nullish()
    .describe(
      "With `*`: `ignore` (default) does not count calls without a value, `count` counts them on the counter `unattributed`.",
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
    .describe("Start of a window: day of the month, weekday, hour or minute."),
  start: z.string().nullish().describe(instantInput),
  end: z.string().nullish().describe(instantInput),
  policy: z.string().nullish().describe("`hard` (default) refuses, `soft` only alerts."),
  on_exhausted: z
    .string()
    .nullish()
    .describe(
      "`refuse` (default), or `ask`: a call at the gateway waits while people are asked for more money.",
    ),
  ask_timeout: z
    .string()
    .nullish()
    .describe("With `ask`: how long calls wait, such as `10m` (default), up to `24h`."),
  reserve_for_closing: decimalInput
    .nullish()
    .describe(
      "A part of the amount that only closing calls may use, one per run; nothing by default.",
    ),
  warning_threshold: z
    .union([z.number(), z.string()])
    .nullish()
    .describe("A share of the amount; by default, thresholds are 0.8 and 1."),
  thresholds: z.array(thresholdInput).nullish(),
  models: z.array(z.string()).nullish(),
  providers: z.array(z.string()).nullish(),
  unpriced: z
    .union([z.string(), z.looseObject({ policy: z.string() })])
    .nullish()
    .describe("`block`, `allow`, or fallback rates."),
};

export const budgetInput = z
  .looseObject({ budget_id: z.string(), ...budgetFields })
  .meta({ id: "BudgetInput" });
export const budgetChanges = z.looseObject(budgetFields).partial().meta({ id: "BudgetChanges" });

const pauseSchema = z
  .object({
    by: z.string().describe("The id of a key, `admin`, a rule, or `threshold`."),
    reason: z.string().nullable(),
    since: instantSchema.nullable().describe("Null for a threshold."),
  })
  .meta({ id: "BudgetPause" });

const approvalSchema = z
  .object({
    value: z.string().describe("Of the counter that lacks money."),
    asked_at: instantSchema,
    expires_at: instantSchema.describe("Then the next call that cannot be paid asks again."),
    needed: decimalSchema.describe("By the call that asked."),
    available: decimalSchema.describe("For that call."),
    waiting: z.int().describe("Calls that wait for the answer now."),
  })
  .meta({ id: "BudgetApproval" });

const ordinarySchema = decimalSchema
  .nullable()
  .describe(
    "`available` without `reserve_for_closing`: what calls can use that close no run, and what a 402 calls `available`. Null if nothing is kept for closing calls, or where `available` is null.",
  );

export const budgetSchema = z
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
    on_exhausted: z.enum(["refuse", "ask"]),
    ask_timeout: z.string().nullable(),
    reserve_for_closing: decimalSchema
      .nullable()
      .describe("Part of `available` that ordinary calls may not use."),
    warning_threshold: z.number().nullable().describe("The lowest threshold."),
    thresholds: z.array(z.object({ at: z.number(), action: z.string() })),
    mode: z.string(),
    models: z.array(z.string()).nullable(),
    providers: z.array(z.string()).nullable(),
    unpriced: z.record(z.string(), z.string()),
    window: windowSchema
      .nullable()
      .describe("The current window; null if the only window has not begun or is over."),
    spent: decimalSchema.describe("In the budget's currency; for `*`, all values together."),
    held: decimalSchema,
    available: decimalSchema
      .nullable()
      .describe("Negative after an overrun; null for `*`, all values together."),
    overrun: decimalSchema.describe("Charged above the holds and past the limit."),
    available_for_ordinary_calls: ordinarySchema,
    granted: decimalSchema
      .nullable()
      .describe(
        "Added by extensions for this window: the limit is `amount` and this. Null for `*`, all values together.",
      ),
    paused: pauseSchema
      .nullable()
      .describe("Why new calls are refused; for `*`, only if the whole budget is paused."),
    paused_values: z
      .array(z.string())
      .describe("For `*`, all values together: the first 100 that are paused by themselves."),
    approval: approvalSchema
      .nullable()
      .describe("The open question for more money; for `*`, the oldest of all values."),
  })
  .meta({ id: "Budget" });

export const budgetCounterSchema = z
  .object({
    value: z.string(),
    spent: decimalSchema,
    held: decimalSchema,
    available: decimalSchema,
    overrun: decimalSchema,
    available_for_ordinary_calls: ordinarySchema,
    granted: decimalSchema,
    paused: pauseSchema.nullable(),
    approval: approvalSchema.nullable(),
  })
  .meta({ id: "BudgetCounter" });

export const budgetDetailSchema = budgetSchema
  .extend({
    value: z
      .string()
      .nullable()
      .describe("The value whose figures these are, for a budget with `*`."),
    counters: z
      .array(budgetCounterSchema)
      .optional()
      .describe("One per value, the most used first."),
    next_cursor: z.string().nullable().optional(),
  })
  .meta({ id: "BudgetDetail" });

export const controlledBudgetSchema = budgetSchema
  .extend({
    value: z.string().nullable().describe("The value that was named, for a budget with `*`."),
  })
  .meta({ id: "ControlledBudget" });

export const budgetParams = z.object({ budget_id: z.string() });
export const budgetListQuery = z.strictObject({
  ...pageQuery,
  budget_type: nameSchema.optional(),
  resource_id: nameSchema.optional(),
});
export const budgetQuery = z.strictObject({
  ...pageQuery,
  value: nameSchema.optional().describe("The value to show, for a budget with `*`."),
});

const controlFields = {
  value: nameSchema
    .optional()
    .describe("For a budget with `*`: the value; by default the whole budget."),
  reason: nameSchema.optional().describe("Shown to those whose calls are refused, and recorded."),
};

export const pauseInput = z.strictObject(controlFields).optional().meta({ id: "BudgetPauseInput" });
export const resumeInput = z
  .strictObject(controlFields)
  .optional()
  .meta({ id: "BudgetResumeInput" });
const askedAtInput = z
  .string()
  .optional()
  .describe(
    `The time of the question that is answered, as in \`approval\`. ${instantInput} If it was answered already, the answer is 409.`,
  );

export const extendInput = z
  .strictObject({
    amount: decimalInput.describe("More than zero, in the budget's currency."),
    value: nameSchema.optional().describe("For a budget with `*`: the value; required."),
    reason: nameSchema.optional(),
    asked_at: askedAtInput,
  })
  .meta({ id: "BudgetExtendInput" });

export const declineInput = z
  .strictObject({
    value: nameSchema.optional().describe("For a budget with `*`: the value; required."),
    reason: nameSchema.optional().describe("Shown to those whose calls are refused, and recorded."),
    asked_at: askedAtInput,
  })
  .optional()
  .meta({ id: "BudgetDeclineInput" });

export const budgetPageSchema = pageSchema(budgetSchema);

export const deletedBudgetSchema = z.object({ budget_id: z.string(), deleted: z.literal(true) });

export type BudgetJson = Json<typeof budgetSchema>;
export type BudgetCounterJson = Json<typeof budgetCounterSchema>;
export type ControlledBudgetJson = Json<typeof controlledBudgetSchema>;
export type BudgetDetailJson = Json<typeof budgetDetailSchema>;
export type DeletedBudgetJson = Json<typeof deletedBudgetSchema>;
export type BudgetApprovalJson = Json<typeof approvalSchema>;
export type BudgetPauseJson = Json<typeof pauseSchema>;
export type BudgetInput = JsonInput<typeof budgetInput>;
export type BudgetChanges = JsonInput<typeof budgetChanges>;
