/** `/api/v1/entries`: every call with the lines of its bill. */

import { z } from "zod";
import type { CallRow } from "../app/ports.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { formatUsd, multiply, subtract } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/rate.ts";
import { cutPage, pageQuery, readCursor } from "./page.ts";
import { ok, readers, route, type Route } from "./route.ts";
import { answer, instantSchema, pageSchema, problem, usageSchema, usdSchema } from "./schema.ts";
import { filterSchema, scopedFilter } from "./scope.ts";

const rateSourceSchema = z.object({
  provider: z.string(),
  model: z.string().describe("The row of the catalogue, which may be shorter than the id asked for."),
  source: z.string(),
  version: z.string(),
  match: z.enum(["exact", "rule", "prefix"]),
  service_tier: z.string(),
  valid_from: z.string().nullable(),
});

const chargeSchema = z
  .object({
    model: z.string(),
    meter: z.string(),
    quantity: z.int(),
    rate_usd_per_million: usdSchema.nullable().describe("Null for a sum that the provider reported, and for a fallback rate."),
    cost_usd: usdSchema,
    rate: rateSourceSchema.nullable().describe("Where the rate comes from."),
  })
  .meta({ id: "Charge" });

const entrySchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    status: z.enum(["settled", "estimated", "unresolved", "released"]),
    started_at: instantSchema,
    ended_at: instantSchema,
    provider: z.string(),
    model: z.string().describe("The model served."),
    requested_model: z.string(),
    endpoint: z.string(),
    key_id: z.string().nullable(),
    attribution: z.record(z.string(), z.unknown()),
    usage: usageSchema,
    charges: z.array(chargeSchema),
    cost_usd: usdSchema,
    reported_cost_usd: usdSchema.nullable().describe("The provider's own figure."),
    difference_usd: usdSchema.nullable().describe("The provider's figure less ours."),
    flags: z.array(z.string()),
    latency_ms: z.number(),
    price_version: z.string(),
    raw_usage: z.string().nullable().describe("The provider's usage object as it was written."),
  })
  .meta({ id: "Entry" });

export const entryRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/entries",
    access: readers,
    tag: "figures",
    summary: "List calls, the newest first, each with the lines of its bill",
    query: filterSchema(pageQuery),
    responses: {
      200: answer("A page of calls.", pageSchema(entrySchema)),
      400: problem("A filter is not valid."),
      403: problem("Not your figures."),
    },
    async handler({ query, caller, context }) {
      const filter = scopedFilter(caller, query);
      const rows = await context.reader.calls(filter, { limit: query.limit + 1, before: readCursor(query.cursor) });
      const page = cutPage(rows, query.limit);
      return ok({ data: page.rows.map(entryJson), next_cursor: page.nextCursor });
    },
  }),
];

const noUsage = { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0, reasoning: 0 };

export function entryJson(call: CallRow): object {
  const { cost, reportedCost } = call;
  return {
    operation_id: idOfOperation(call.operationId),
    attempt: call.attempt,
    status: call.status,
    started_at: formatInstant(call.startedAt),
    ended_at: formatInstant(call.endedAt),
    provider: call.route.provider,
    model: call.model,
    requested_model: call.route.model,
    endpoint: call.route.endpoint,
    key_id: call.route.keyId,
    attribution: call.attribution,
    usage: { ...noUsage, ...call.usage },
    charges: call.charges.map(chargeJson),
    cost_usd: formatUsd(cost),
    reported_cost_usd: reportedCost === null ? null : formatUsd(reportedCost),
    difference_usd: reportedCost === null ? null : formatUsd(subtract(reportedCost, cost)),
    flags: call.flags,
    latency_ms: call.latencyMs,
    price_version: call.priceVersion,
    raw_usage: call.rawUsage,
  };
}

export function chargeJson({ model, meter, quantity, cost, rate }: Charge): object {
  return {
    model,
    meter,
    quantity,
    rate_usd_per_million: rate ? formatUsd(multiply(rate.perUnit, 1_000_000)) : null,
    cost_usd: formatUsd(cost),
    rate: rate
      ? {
          provider: rate.provider,
          model: rate.model,
          source: rate.source,
          version: rate.version,
          match: rate.match,
          service_tier: rate.serviceTier,
          valid_from: rate.validFrom ?? null,
        }
      : null,
  };
}
