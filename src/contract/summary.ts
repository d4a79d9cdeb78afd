/** Schemas of the cost summary: spend by provider and by operation. */

import { z } from "zod";
import { currencyQuery, displaySchema } from "./currency.ts";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";

const money = z.number().describe("USD, rounded to a JSON number.");
const count = z.int();
const latency = z
  .number()
  .describe("Of the calls whose latency is known; 0 if it is known of none.");

export const summarySchema = z
  .object({
    display: displaySchema
      .optional()
      .describe("The currency of all amounts. Absent: they are in USD."),
    total_cost: money,
    task_count: count.describe("Charged calls of models; each attempt counts."),
    charge_count: count.describe("Charges that are no model call, such as those of tools."),
    charge_cost: money.describe("The part of `total_cost` that is of charges."),
    average_cost: money.describe("Of a call: without charges."),
    by_provider: z.record(
      z.string(),
      z.object({
        total_cost: money,
        input_tokens: count.describe("Including cached tokens."),
        output_tokens: count,
        task_count: count,
        charge_count: count,
        operations: z.record(
          z.string(),
          z.object({ count, charge_count: count, total_cost: money, avg_latency_ms: latency }),
        ),
      }),
    ),
    by_operation: z
      .record(
        z.string(),
        z.object({
          count,
          charge_count: count,
          total_cost: money,
          avg_cost: money,
          total_tokens: count,
          avg_latency_ms: latency,
        }),
      )
      .describe("By the operation that the caller named, otherwise by endpoint."),
    efficiency_metrics: z.object({
      cost_per_1k_tokens: money.describe("Of calls: without charges."),
      avg_tokens_per_task: z.number(),
      input_output_ratio: z.number(),
      total_input_tokens: count,
      total_output_tokens: count,
      total_tokens: count,
    }),
    meters: z
      .record(z.string(), count)
      .describe("Counts that are not tokens, by meter: calls of tools, and other units."),
    tasks: z.array(
      z.object({
        timestamp: z.number().describe("Seconds since the epoch."),
        provider: z.string(),
        model: z.string(),
        operation: z.string(),
        input_tokens: count,
        output_tokens: count,
        input_cost: money,
        output_cost: money,
        total_cost: money,
        latency_ms: z.number().describe("0 if it is unknown."),
      }),
    ),
  })
  .meta({ id: "Summary" });

export const summaryQuery = filterSchema({
  include: includeSchema,
  ...currencyQuery,
  tasks: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(100)
    .describe("How many of the newest calls to list."),
});

export type SummaryJson = Json<typeof summarySchema>;
