/** Schemas of holds: making, growing, settling and releasing one. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import {
  attributionSchema,
  idSchema,
  instantSchema,
  nameSchema,
  serviceTierSchema,
  usageSchema,
  usdInput,
  usdSchema,
} from "./value.ts";

const regionSchema = nameSchema.optional();

const tokens = z.int().min(0).max(100_000_000);

export const holdInput = z
  .strictObject({
    operation_id: idSchema.describe("Yours: the same id and body is the same hold."),
    attribution: attributionSchema.optional(),
    provider: nameSchema.optional().describe("Required with `estimate`."),
    model: nameSchema.optional().describe("Required with `estimate`."),
    estimate: z
      .strictObject({
        input_tokens: tokens,
        max_output_tokens: tokens,
        cache_write: z.enum(["none", "5m", "1h"]).default("none"),
        service_tier: serviceTierSchema.default("standard"),
        region: regionSchema.describe(
          "Where the call must be processed; without it, wherever the provider may do so.",
        ),
        web_searches: z.int().min(0).max(100_000).default(0),
      })
      .optional()
      .describe("Priced at the dearest rates that can apply."),
    amount: usdInput.optional(),
    ttl_seconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .describe(
        "After so many seconds the hold lapses by itself. A caller's hold lasts an hour at most, unless `limits.hold_seconds` says otherwise.",
      ),
  })
  .meta({ id: "HoldInput" });

export const settleInput = z
  .strictObject({
    usage: usageSchema.optional(),
    amount: usdInput.optional(),
    model: nameSchema.optional().describe("The model served, when it is not the one asked for."),
    service_tier: serviceTierSchema.default("standard").describe("The tier served."),
    region: regionSchema.describe("The region that served, as the provider names it: `us`."),
    reported_cost_usd: usdInput.optional().describe("The provider's own figure, kept beside ours."),
    latency_ms: z.int().min(0).max(86_400_000).optional(),
  })
  .meta({ id: "SettleInput" });

export const releaseInput = z
  .strictObject({ reason: nameSchema.default("released by its owner") })
  .optional()
  .meta({ id: "ReleaseInput" });

export const topUpInput = z
  .strictObject({ amount: usdInput.optional(), output_tokens: tokens.optional() })
  .meta({ id: "TopUpInput" });

export const quantitiesSchema = z.object({
  usd: usdSchema,
  tokens: z.string(),
  requests: z.string(),
});

export const admittedSchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    admitted: z.literal(true),
    repeated: z
      .boolean()
      .describe("The same request was admitted before, and nothing was held again."),
    held: quantitiesSchema,
    held_usd: usdSchema,
    expires_at: instantSchema,
    budget_remaining_usd: usdSchema
      .nullable()
      .describe("Of the hard USD budget with the least left; null on a repeat or without one."),
  })
  .meta({ id: "Hold" });

export const holdStateSchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    status: z.enum(["held", "settled", "estimated", "unresolved", "released"]),
    provider: z.string(),
    model: z.string(),
    attribution: z.record(z.string(), z.unknown()),
    created_at: instantSchema,
    held: quantitiesSchema.nullable(),
    expires_at: instantSchema.nullable(),
    cost_usd: usdSchema.nullable(),
  })
  .meta({ id: "HoldState" });

export const settledSchema = z
  .object({
    operation_id: z.string(),
    cost_usd: usdSchema,
    repeated: z.boolean(),
    budget_remaining_usd: usdSchema.nullable(),
    thresholds_crossed: z.array(z.object({ budget_id: z.string(), at: z.number() })),
  })
  .meta({ id: "Settlement" });

export const holdParams = z.object({ operation_id: z.string() });
export const holdQuery = z.strictObject({
  key_id: nameSchema
    .optional()
    .describe("Whose hold it is, for an administrator, where several keys use the id."),
});

export const releasedSchema = z.object({
  operation_id: z.string(),
  released: z.literal(true),
  repeated: z.boolean(),
});

export const toppedUpSchema = z.object({
  operation_id: z.string(),
  admitted: z.literal(true),
  held: quantitiesSchema.nullable(),
});

export type QuantitiesJson = Json<typeof quantitiesSchema>;
export type HoldJson = Json<typeof admittedSchema>;
export type HoldStateJson = Json<typeof holdStateSchema>;
export type SettlementJson = Json<typeof settledSchema>;
export type ReleaseJson = Json<typeof releasedSchema>;
export type TopUpJson = Json<typeof toppedUpSchema>;
export type HoldInput = JsonInput<typeof holdInput>;
export type SettleInput = JsonInput<typeof settleInput>;
export type ReleaseInput = JsonInput<typeof releaseInput>;
export type TopUpInput = JsonInput<typeof topUpInput>;
