/** Schemas of the budgets of teams: what each was allocated, has used, and pays per deliverable. */

import { z } from "zod";
import { currencyQuery, displayedSchema, displaySchema } from "./currency.ts";
import { includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { rangeQuery } from "./range.ts";
import {
  decimalSchema,
  instantInput,
  instantSchema,
  nameSchema,
  usdSchema,
  windowSchema,
} from "./value.ts";

const status = z
  .enum(["no_budget", "paused", "pending", "over", "warning", "at_risk", "on_target", "active"])
  .describe(
    "The first that applies. `no_budget`; `paused`: new calls are refused; `pending`: nothing is used or held; `over`: more is used than was allocated; `warning`: the lowest threshold is reached (totals: 0.8); `at_risk`: the window would use more at its pace so far; `active`: calls are in flight; `on_target`.",
  );

const amounts = {
  currency: z
    .string()
    .describe(
      "Of the amounts below: `USD`, `tokens` or `requests`; for USD, the currency that was asked for.",
    ),
  period: z.string().nullable().describe("Of the budget; null without one."),
  allocated: decimalSchema
    .nullable()
    .describe("With what extensions added; null without a budget."),
  used: decimalSchema,
  held: decimalSchema.describe("By calls in flight; not in `used`."),
  remaining: decimalSchema
    .nullable()
    .describe("`allocated` − `used`: negative if more is used; null without a budget."),
  used_share: z.number().nullable().describe("`used` ÷ `allocated`."),
  deliverables: z.int(),
  cost_per_deliverable: decimalSchema
    .nullable()
    .describe(
      "What the calls with a deliverable used ÷ `deliverables`, in the currency, to 12 decimals; null without any.",
    ),
  coverage: z
    .object({
      calls: z.int().describe("The charged calls with a deliverable."),
      share: z.number().nullable().describe("Of all charged calls, 0 to 1."),
    })
    .describe("What `cost_per_deliverable` is computed from."),
  status,
};

const teamSchema = z
  .object({
    team: z.string().describe("`unattributed` for calls without a team."),
    budget_id: z.string().nullable(),
    ...amounts,
    window: windowSchema.describe("Of the budget; without one, the range that was asked for."),
    cost_usd: usdSchema.describe("Of the calls in the window, whatever the currency."),
    cost: displayedSchema,
    tokens: z.int(),
    calls: z.int().describe("Charged calls of models."),
    charges: z.int().describe("Charges that are no model call."),
    drill: z.string().describe("The query of `/api/v1/entries` that lists the calls and charges."),
  })
  .meta({ id: "Team" });

export const teamPageSchema = pageSchema(teamSchema)
  .extend({
    from: instantSchema,
    to: instantSchema,
    time_zone: z.string(),
    deliverable: z.string(),
    display: displaySchema.optional().describe("The currency, if one was asked for."),
    totals: z
      .array(z.object({ teams: z.int(), ...amounts }))
      .describe("The sums of the rows of all pages, for each currency and period."),
    parents: z
      .array(
        z.object({
          budget_id: z.string(),
          currency: z.string(),
          period: z.string(),
          allocated: decimalSchema,
          children: decimalSchema.describe("Allocated to its children of this period, together."),
          over_allocated: decimalSchema.describe(
            "`children` above `allocated`; 0 if the parent's amount covers them.",
          ),
          unallocated: decimalSchema.describe("`allocated` above `children`."),
        }),
      )
      .describe("The budgets above those of the teams."),
  })
  .meta({ id: "Teams" });

export const teamQuery = z.strictObject({
  team: nameSchema.optional(),
  from: z.string().optional().describe(instantInput),
  to: z.string().optional().describe(`${instantInput} Exclusive.`),
  ...rangeQuery,
  ...pageQuery,
  deliverable: z
    .string()
    .max(100)
    .default("task")
    .describe("What is counted as a deliverable: a dimension, or `tag:NAME`."),
  include: includeSchema,
  ...currencyQuery,
});

export type TeamPageJson = Json<typeof teamPageSchema>;
