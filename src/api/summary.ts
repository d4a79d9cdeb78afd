/** `/api/v1/summary`: what was spent, on what, and how efficiently. */

import { z } from "zod";
import { summarise } from "../app/figure/report.ts";
import { ok, readers, route, type Route } from "./route.ts";
import { answer, problem } from "./schema.ts";
import { figuresFilter, filterSchema, includeSchema } from "./scope.ts";

const money = z.number().describe("USD, rounded to a JSON number.");
const count = z.int();

const summarySchema = z
  .object({
    total_cost: money,
    task_count: count.describe("Calls that were charged, each attempt counted."),
    average_cost: money,
    by_provider: z.record(
      z.string(),
      z.object({
        total_cost: money,
        input_tokens: count.describe("Cached ones included."),
        output_tokens: count,
        task_count: count,
        operations: z.record(
          z.string(),
          z.object({ count, total_cost: money, avg_latency_ms: z.number() }),
        ),
      }),
    ),
    by_operation: z
      .record(
        z.string(),
        z.object({
          count,
          total_cost: money,
          avg_cost: money,
          total_tokens: count,
          avg_latency_ms: z.number(),
        }),
      )
      .describe("By the operation that the caller named, or else by endpoint."),
    efficiency_metrics: z.object({
      cost_per_1k_tokens: money,
      avg_tokens_per_task: z.number(),
      input_output_ratio: z.number(),
      total_input_tokens: count,
      total_output_tokens: count,
      total_tokens: count,
    }),
    meters: z
      .record(z.string(), count)
      .describe("What was counted besides tokens: calls of tools and other units, by meter."),
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
        latency_ms: z.number(),
      }),
    ),
  })
  .meta({ id: "Summary" });

export const summaryRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/summary",
    access: readers,
    tag: "figures",
    summary: "Sum up what was spent, by provider and by operation",
    query: filterSchema({
      include: includeSchema,
      tasks: z.coerce
        .number()
        .int()
        .min(0)
        .max(1000)
        .default(100)
        .describe("How many of the newest calls to list."),
    }),
    responses: {
      200: answer("The summary.", summarySchema),
      400: problem("A filter is not valid."),
      403: problem("Not your figures."),
    },
    async handler({ query, caller, context }) {
      return ok(
        await summarise(context.reader, figuresFilter(caller, query, context), query.tasks),
      );
    },
  }),
];
