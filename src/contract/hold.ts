/** Schemas of holds: creating, topping up, settling and releasing them. */

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
    operation_id: idSchema.describe(
      "Chosen by you. A repeated request with the same id and body is the same hold.",
    ),
    attribution: attributionSchema.optional(),
    provider: nameSchema.optional().describe("Required with `estimate`."),
    model: nameSchema.optional().describe("Required with `estimate`."),
    estimate: z
      .strictObject({
        input_tokens: tokens,
        max_output_tokens: tokens,
        cache_write: z.enum(["none", "5m", "1h"]).default("none"),
        service_tier: serviceTierSchema.default("standard"),
        region: regionSchema.describe("Where the call must be processed; by default, anywhere."),
        web_searches: z.int().min(0).max(100_000).default(0),
      })
      .optional()
      .describe("Priced at the highest rates that can apply."),
    amount: usdInput.optional(),
    closing: z
      .boolean()
      .optional()
      .describe(
        "The last call of its run: it may use what budgets keep back (`reserve_for_closing`).",
      ),
    ttl_seconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .describe(
        "Seconds until the hold expires. For caller keys at most an hour, unless `limits.hold_seconds` changes it.",
      ),
  })
  .meta({ id: "HoldInput" });

export const settleInput = z
  .strictObject({
    usage: usageSchema.optional(),
    amount: usdInput.optional(),
    model: nameSchema.optional().describe("The model served, if it is not the one requested."),
    service_tier: serviceTierSchema.default("standard").describe("The tier served."),
    region: regionSchema.describe(
      "The region that served the call, as the provider names it, such as `us`.",
    ),
    reported_cost_usd: usdInput
      .optional()
      .describe("The cost that the provider reported, recorded with ours."),
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

export const holdSchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    admitted: z.literal(true),
    repeated: z.boolean().describe("The same request was admitted before; nothing more was held."),
    held: quantitiesSchema,
    held_usd: usdSchema,
    expires_at: instantSchema,
    budget_remaining_usd: usdSchema
      .nullable()
      .describe(
        "What is left of the hard USD budget with the least left; null on a repeat or without one.",
      ),
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

export const settlementSchema = z
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
    .describe("The key of the hold, for administrators, if several keys use the id."),
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
export type HoldJson = Json<typeof holdSchema>;
export type HoldStateJson = Json<typeof holdStateSchema>;
export type SettlementJson = Json<typeof settlementSchema>;
export type ReleaseJson = Json<typeof releasedSchema>;
export type TopUpJson = Json<typeof toppedUpSchema>;
export type HoldInput = JsonInput<typeof holdInput>;
export type SettleInput = JsonInput<typeof settleInput>;
export type ReleaseInput = JsonInput<typeof releaseInput>;
export type TopUpInput = JsonInput<typeof topUpInput>;
