/** Schemas of users: what each cost, with its calls and its requests. */

import { z } from "zod";
import { currencyQuery, displayedSchema, displaySchema } from "./currency.ts";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { rangeQuery } from "./range.ts";
import { instantSchema, usdSchema } from "./value.ts";

const sums = {
  cost_usd: usdSchema.describe("Model calls and charges."),
  calls: z.int().describe("Charged calls of models."),
  charges: z.int().describe("Charges other than model calls."),
  requests: z.int().describe("The same as `calls`."),
  cost_per_request_usd: usdSchema
    .nullable()
    .describe("`cost_usd` ÷ `requests`, to the pico-dollar; null without requests."),
  cost: displayedSchema,
  cost_per_request: displayedSchema,
  drill: z.string().describe("The query of `/api/v1/entries` that lists the calls and charges."),
};

const userSchema = z
  .object({
    user: z.string().describe("`unattributed` for calls without a user."),
    ...sums,
    share: z.number().nullable().describe("Of the total cost, 0 to 1; null if that is 0."),
    last_call_at: instantSchema.describe("When its last call or charge ended."),
  })
  .meta({ id: "UserCost" });

export const userPageSchema = pageSchema(userSchema)
  .extend({
    from: instantSchema,
    to: instantSchema,
    time_zone: z.string(),
    sort: z.string(),
    threshold_usd: usdSchema.nullable(),
    display: displaySchema.optional().describe("The currency, if one was asked for."),
    total: z
      .object({ users: z.int(), ...sums })
      .describe(
        "Of all users, those below the threshold included; `users` does not count `unattributed`.",
      ),
  })
  .meta({ id: "UserCosts" });

export const userQuery = filterSchema({
  ...rangeQuery,
  ...pageQuery,
  threshold: z
    .string()
    .max(40)
    .optional()
    .describe("Lists only the users that cost at least this much, in USD."),
  sort: z
    .string()
    .max(100)
    .optional()
    .describe(
      "`cost` (default), `calls`, `charges`, `requests`, `cost_per_request` or `user`, the highest first; with `:asc`, the lowest first.",
    ),
  include: includeSchema,
  ...currencyQuery,
});

export type UserPageJson = Json<typeof userPageSchema>;
