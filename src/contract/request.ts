/** Schemas of requests: what each cost with its calls, tools, infrastructure and other charges. */

import { z } from "zod";
import { currencyQuery, displayedSchema, displaySchema } from "./currency.ts";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { instantSchema, nameSchema, usdSchema } from "./value.ts";

const component = z.enum(["model", "tool", "infrastructure", "labor", "other"]);

const request = {
  request_id: z.string().describe("The operation id of its calls."),
  key_id: z.string().nullable(),
  started_at: instantSchema.describe("Of its first call or charge."),
  ended_at: instantSchema.describe("Of its last call or charge."),
  attribution: z
    .record(z.string(), z.unknown())
    .describe("Of its first call; of its first charge if it has no call."),
  status: z
    .enum(["settled", "estimated", "unresolved", "released"])
    .nullable()
    .describe("That of its best attempt, in this order; null if it has no call."),
  calls: z.int().describe("Calls of models: each attempt counts."),
  charges: z.int().describe("Charges other than model calls."),
  cost_usd: usdSchema.describe("Everything: the sum of the five below."),
  model_cost_usd: usdSchema,
  tool_cost_usd: usdSchema.describe("Fees of tools that the provider ran, and charges of tools."),
  infrastructure_cost_usd: usdSchema,
  labor_cost_usd: usdSchema,
  other_cost_usd: usdSchema,
  cost: displayedSchema,
  model_cost: displayedSchema,
  tool_cost: displayedSchema,
  infrastructure_cost: displayedSchema,
  labor_cost: displayedSchema,
  other_cost: displayedSchema,
  tool_costs: z.record(z.string(), usdSchema).describe("`tool_cost_usd` by tool."),
};

export const requestSchema = z.object(request).meta({ id: "Request" });

const lineSchema = z
  .object({
    component,
    name: z.string().describe("The model, the item, or the meter of a tool."),
    meter: z.string().nullable().describe("Null for a charge other than a model call."),
    quantity: z
      .string()
      .nullable()
      .describe("Null if only the amount is known. A correction of the cost leaves it as it was."),
    unit: z.string().nullable().describe("What is counted, of an item."),
    cost_usd: usdSchema,
    cost: displayedSchema,
    operation_id: z.string().describe("Of the call or charge in `/api/v1/entries`."),
    attempt: z.int(),
    provider: z.string(),
    status: z.enum(["settled", "estimated", "unresolved", "released"]),
    ended_at: instantSchema,
  })
  .meta({ id: "RequestLine" });

export const requestDetailSchema = z
  .object({
    ...request,
    display: displaySchema.optional().describe("The currency, if one was asked for."),
    lines: z
      .array(lineSchema)
      .describe("Oldest first, up to 1000. All lines add up to `cost_usd`."),
    lines_left_out: z.int().describe("How many lines there are after those."),
  })
  .meta({ id: "RequestDetail" });

export const requestPageSchema = pageSchema(requestSchema).extend({
  display: displaySchema.optional().describe("The currency, if one was asked for."),
});
export const requestListQuery = filterSchema({
  ...pageQuery,
  ...currencyQuery,
  include: includeSchema,
});
export const requestParams = z.object({ request_id: z.string() });
export const requestQuery = z.strictObject({
  key_id: nameSchema.optional().describe("The key of the request, if several keys use the id."),
  include: includeSchema,
  ...currencyQuery,
});

export type RequestJson = Json<typeof requestSchema>;
export type RequestLineJson = Json<typeof lineSchema>;
