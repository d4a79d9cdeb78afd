/** `/api/v1/entries`: every call with the lines of its bill. */

import { z } from "zod";
import { correctCharge } from "../app/desk/correct-charge.ts";
import type { CallRow, RefusalRow } from "../app/port/reader.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { formatUsd, multiply, subtract, zero } from "../domain/money/money.ts";
import type { Charge } from "../domain/price/rate.ts";
import { cutPage, pageQuery, readCursor } from "./page.ts";
import { adminOnly, ok, readers, route, type Route } from "./route.ts";
import {
  answer,
  instantSchema,
  nameSchema,
  pageSchema,
  problem,
  readUsd,
  usageSchema,
  usdInput,
  usdSchema,
} from "./schema.ts";
import { filterSchema, scopedFilter } from "./scope.ts";

const rateSourceSchema = z.object({
  provider: z.string(),
  model: z
    .string()
    .describe("The row of the catalogue, which may be shorter than the id asked for."),
  source: z.string(),
  version: z.string(),
  match: z.enum(["exact", "rule", "prefix"]),
  service_tier: z.string(),
  region: z
    .string()
    .nullable()
    .describe("Where the call had to be processed, if that makes a part of the rate."),
  valid_from: z.string().nullable(),
});

const chargeSchema = z
  .object({
    model: z.string(),
    meter: z.string(),
    quantity: z.int(),
    rate_usd_per_million: usdSchema
      .nullable()
      .describe("Null for a sum that the provider reported, and for a fallback rate."),
    cost_usd: usdSchema,
    rate: rateSourceSchema.nullable().describe("Where the rate comes from."),
  })
  .meta({ id: "Charge" });

const partSchema = z.object({ model: z.string(), usage: usageSchema });

const entrySchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int().describe("0 for a call that was refused, which was no attempt."),
    status: z.enum(["settled", "estimated", "unresolved", "released", "refused"]),
    started_at: instantSchema,
    ended_at: instantSchema,
    provider: z.string(),
    model: z.string().describe("The model served."),
    requested_model: z.string(),
    endpoint: z.string(),
    key_id: z.string().nullable(),
    attribution: z.record(z.string(), z.unknown()),
    usage: usageSchema,
    parts: z
      .array(partSchema)
      .describe(
        "What other models used in the same call: an advisor, a model that declined. `charges` name them.",
      ),
    charges: z.array(chargeSchema),
    cost_usd: usdSchema,
    reported_cost_usd: usdSchema.nullable().describe("The provider's own figure."),
    computed_cost_usd: usdSchema
      .nullable()
      .describe("What the price book says, where the provider's own figure is the charge."),
    difference_usd: usdSchema.nullable().describe("The provider's figure less ours."),
    flags: z.array(z.string()),
    latency_ms: z.number(),
    price_version: z.string(),
    raw_usage: z.string().nullable().describe("The provider's usage object as it was written."),
    refusal: z
      .object({ reason: z.string(), budget_id: z.string().nullable() })
      .nullable()
      .describe("Why a call was refused, and by which budget; null for the others."),
    correction: z
      .object({ at: instantSchema, reason: z.string() })
      .nullable()
      .describe("When and why the charge was corrected last."),
  })
  .meta({ id: "Entry" });

const correctionInput = z
  .strictObject({
    amount: usdInput.describe("What the call is charged instead, in USD."),
    reason: nameSchema.describe("Why. It is kept in the journal and shown in the entry."),
    attempt: z
      .int()
      .min(1)
      .optional()
      .describe("Which attempt of the operation, where it has several."),
  })
  .meta({ id: "CorrectionInput" });

const correctionSchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    cost_usd: usdSchema,
    cost_before_usd: usdSchema,
    repeated: z.boolean().describe("The same correction was made before, and nothing changed."),
  })
  .meta({ id: "Correction" });

export const entryRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/entries",
    access: readers,
    tag: "figures",
    summary: "List calls, the newest first, each with the lines of its bill",
    description: "Calls that a budget refused are listed with `status=refused` only.",
    query: filterSchema(pageQuery),
    responses: {
      200: answer("A page of calls.", pageSchema(entrySchema)),
      400: problem("A filter is not valid."),
      403: problem("Not your figures."),
    },
    async handler({ query, caller, context }) {
      const filter = scopedFilter(caller, query);
      const range = { limit: query.limit + 1, before: readCursor(query.cursor) };
      if (query.status === "refused") {
        const page = cutPage(await context.reader.refusals(filter, range), query.limit);
        return ok({ data: page.rows.map(refusalJson), next_cursor: page.nextCursor });
      }
      const page = cutPage(await context.reader.calls(filter, range), query.limit);
      return ok({ data: page.rows.map(entryJson), next_cursor: page.nextCursor });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/entries/{operation_id}/correct",
    access: adminOnly,
    tag: "figures",
    summary: "Correct what a call was charged; budgets and figures follow",
    description:
      "For every call that has ended, at the gateway or over the API. What was charged before stays in the journal, and so does the reason.",
    params: z.object({ operation_id: z.string() }),
    query: z.strictObject({
      key_id: nameSchema
        .optional()
        .describe("Whose operation it is, where several keys use the id."),
    }),
    body: correctionInput,
    responses: {
      200: answer("Corrected.", correctionSchema),
      400: problem("A field is not valid."),
      404: problem("No such call."),
      409: problem("It is under way, or the id names several calls."),
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const { call, answer: corrected } = await correctCharge(context, {
        operationId: operation_id,
        attempt: body.attempt,
        keyId: query.key_id,
        amount: readUsd(body.amount, "amount"),
        reason: `${caller.key?.name ?? "the admin key"}: ${body.reason}`,
      });
      return ok({
        operation_id,
        attempt: call.attempt,
        cost_usd: formatUsd(corrected.cost.usd),
        cost_before_usd: formatUsd(call.cost),
        repeated: corrected.repeated,
      });
    },
  }),
];

const noUsage = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
};

function entryJson(call: CallRow): object {
  const { cost, reportedCost, computedCost } = call;
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
    parts: call.parts.map(({ model, usage }) => ({ model, usage: { ...noUsage, ...usage } })),
    charges: call.charges.map(chargeJson),
    cost_usd: formatUsd(cost),
    reported_cost_usd: reportedCost === null ? null : formatUsd(reportedCost),
    computed_cost_usd: computedCost === undefined ? null : formatUsd(computedCost),
    difference_usd:
      reportedCost === null ? null : formatUsd(subtract(reportedCost, computedCost ?? cost)),
    flags: call.flags,
    latency_ms: call.latencyMs,
    price_version: call.priceVersion,
    raw_usage: call.rawUsage,
    refusal: null,
    correction: call.correction && {
      at: formatInstant(call.correction.at),
      reason: call.correction.reason,
    },
  };
}

/** A refused call in the shape of the others: it used and cost nothing. */
function refusalJson({ at, reason, budgetId, ...refusal }: RefusalRow): object {
  const call = {
    ...refusal,
    attempt: 0,
    startedAt: at,
    endedAt: at,
    model: refusal.route.model,
    ...nothingUsed,
  };
  return {
    ...entryJson({ ...call, status: "released" }),
    status: "refused",
    refusal: { reason, budget_id: budgetId },
  };
}

const nothingUsed = {
  usage: {},
  parts: [],
  correction: null,
  charges: [],
  cost: zero,
  reportedCost: null,
  rawUsage: null,
  flags: [],
  latencyMs: 0,
  priceVersion: "",
} as const;

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
          region: rate.region ?? null,
          valid_from: rate.validFrom ?? null,
        }
      : null,
  };
}
