/** Schemas of rules of alerts, their alerts, tests and acknowledgements. */

import { z } from "zod";
import { conditionNames } from "../domain/rule/rule.ts";
import type { Json } from "./json.ts";
import { attributionSchema, decimalSchema, instantSchema, windowSchema } from "./value.ts";

const names = z.array(z.string()).nullable();

const fields = {
  when: z.enum(conditionNames),
  budget_id: z
    .string()
    .optional()
    .describe(
      "For `threshold`. With `action: pause`, also the budget for every value (`*`) whose value is paused.",
    ),
  percent: z.number().optional().describe("For `threshold`: of the budget, such as 80."),
  of: z
    .enum(["actual", "forecast"])
    .optional()
    .describe("For `threshold`. `forecast` projects the window's pace to its end."),
  amount: z
    .union([z.string(), z.number()])
    .optional()
    .describe("For `operation_over`, `task_over` and `spend_over`: fires above it."),
  currency: z.enum(["USD", "tokens"]).optional(),
  window: z.string().optional().describe("For `spend_over`: a rolling window, such as `24h`."),
  by: z.string().optional().describe("For `spend_over`: a dimension, such as `user`."),
  action: z
    .enum(["notify", "pause", "model"])
    .optional()
    .describe("What its rule also does: nothing, pause a budget, or serve cheaper models."),
  models: z
    .record(z.string(), z.string())
    .optional()
    .describe("For `action: model`: what serves each model, both as `PROVIDER/MODEL`."),
  notify: names.optional().describe("Names of notifiers; null for all."),
  escalate: z
    .strictObject({ after: z.string().describe("Such as `30m`."), notify: names.optional() })
    .nullable()
    .optional()
    .describe("The notifiers that get an alert once more if it is not acknowledged in time."),
};

/** The domain checks which fields a condition needs, and names what is wrong. */
export const ruleInput = z.record(z.string(), z.unknown()).meta({
  id: "RuleInput",
  description: "The fields of a rule, without its id and its alerts.",
});

export const ruleParams = z.object({ rule_id: z.string() });

const alertSchema = z
  .object({
    value: z.string().describe("A value of the budget, an operation, a task, a model, a user."),
    fired_at: instantSchema,
    charged_at: instantSchema,
    window: windowSchema,
    figure: decimalSchema,
    limit: decimalSchema,
    currency: z.string(),
    operation_id: z.string().nullable(),
    attribution: attributionSchema,
    acknowledged: z
      .object({ at: instantSchema, by: z.string(), note: z.string().nullable() })
      .nullable(),
    escalated_at: instantSchema.nullable(),
    action: z.enum(["pause", "model"]).nullable().describe("Null if it only notifies."),
    resumed_at: instantSchema
      .nullable()
      .describe("When the budget was resumed, which ends the action."),
  })
  .meta({ id: "RuleAlert" });

export const ruleSchema = z
  .object({
    rule_id: z.string(),
    ...fields,
    alerts: z
      .array(alertSchema)
      .describe("The last alert for each value, at most 500, oldest first."),
  })
  .meta({ id: "Rule" });

export const setRuleSchema = ruleSchema
  .extend({
    warnings: z
      .array(z.object({ field: z.string(), message: z.string(), remedy: z.string() }))
      .describe("What is valid but may be a mistake: a model that is not cheaper."),
  })
  .meta({ id: "SetRule" });

export const rulesSchema = z.object({ data: z.array(ruleSchema).describe("By id.") });

export const deletedRuleSchema = z.object({ rule_id: z.string(), deleted: z.literal(true) });

export const acknowledgeInput = z.strictObject({
  value: z.string().min(1).max(500).optional().describe("Default: all open alerts of the rule."),
  note: z.string().min(1).max(1000).optional(),
});

export const acknowledgedSchema = z
  .object({
    count: z.int().describe("How many alerts are acknowledged now."),
    data: z.array(alertSchema).describe("The newest 500 of them, oldest first."),
  })
  .meta({ id: "Acknowledged" });

export const ruleTestSchema = z
  .object({
    data: z.array(
      z.object({
        notifier: z.string(),
        event_id: z.string().nullable().describe("Null if it was not delivered."),
        problem: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "RuleTest" });

export type RuleJson = Json<typeof ruleSchema>;
export type RulesJson = Json<typeof rulesSchema>;
export type RuleAlertJson = Json<typeof alertSchema>;
export type AcknowledgedJson = Json<typeof acknowledgedSchema>;
export type RuleTestJson = Json<typeof ruleTestSchema>;
