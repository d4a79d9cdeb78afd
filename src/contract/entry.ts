/** Schemas of entries: calls with the lines of their bills, and corrections of charges. */

import { z } from "zod";
import { filterSchema } from "./filter.ts";
import type { Json, JsonInput } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import {
  instantSchema,
  matchSchema,
  nameSchema,
  usageSchema,
  usdInput,
  usdSchema,
} from "./value.ts";

const rateSourceSchema = z.object({
  provider: z.string(),
  model: z
    .string()
    .describe("The row of the catalogue, which may be shorter than the requested id."),
  source: z.string(),
  version: z.string(),
  match: matchSchema,
  service_tier: z.string(),
  region: z
    .string()
    .nullable()
    .describe("Where the call had to be processed, if the rate depends on it."),
  valid_from: z.string().nullable(),
});

export const chargeSchema = z
  .object({
    model: z.string(),
    meter: z.string(),
    quantity: z.int(),
    rate_usd_per_million: usdSchema
      .nullable()
      .describe("Null for an amount that the provider reported, and for a fallback rate."),
    cost_usd: usdSchema,
    rate: rateSourceSchema.nullable().describe("The source of the rate."),
  })
  .meta({ id: "Charge" });

const partSchema = z.object({ model: z.string(), usage: usageSchema });

export const entrySchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int().describe("0 for a refused call, which was not attempted."),
    status: z.enum(["settled", "estimated", "unresolved", "released", "refused"]),
    started_at: instantSchema,
    ended_at: instantSchema,
    recorded_at: instantSchema
      .nullable()
      .describe("When usage that was metered elsewhere was recorded; null for other calls."),
    provider: z.string(),
    model: z.string().describe("The model served."),
    requested_model: z.string(),
    replaced_by_rule: z
      .string()
      .nullable()
      .describe("The rule whose action served another model than the requested one."),
    endpoint: z.string(),
    key_id: z.string().nullable(),
    attribution: z.record(z.string(), z.unknown()),
    usage: usageSchema,
    parts: z
      .array(partSchema)
      .describe(
        "Usage of other models in the same call, such as an advisor or a model that declined. `charges` name them.",
      ),
    charges: z.array(chargeSchema),
    cost_usd: usdSchema,
    reported_cost_usd: usdSchema.nullable().describe("The cost that the provider reported."),
    computed_cost_usd: usdSchema
      .nullable()
      .describe("Our own figure, if the provider's is the charge."),
    difference_usd: usdSchema.nullable().describe("The provider's figure minus ours."),
    flags: z.array(z.string()),
    latency_ms: z.number().describe("0 if it is unknown."),
    price_version: z.string(),
    raw_usage: z.string().nullable().describe("The provider's usage object as received."),
    refusal: z
      .object({ reason: z.string(), budget_id: z.string().nullable() })
      .nullable()
      .describe("Why the call was refused, and by which budget; null if it was not."),
    correction: z
      .object({ at: instantSchema, reason: z.string() })
      .nullable()
      .describe("Time and reason of the last correction."),
  })
  .meta({ id: "Entry" });

export const correctionInput = z
  .strictObject({
    amount: usdInput.describe("The new charge, in USD."),
    reason: nameSchema.describe("The reason, recorded in the journal and shown in the entry."),
    attempt: z
      .int()
      .min(1)
      .optional()
      .describe("The attempt to correct, if the operation has several."),
  })
  .meta({ id: "CorrectionInput" });

export const correctionSchema = z
  .object({
    operation_id: z.string(),
    attempt: z.int(),
    cost_usd: usdSchema,
    cost_before_usd: usdSchema,
    repeated: z.boolean().describe("The same correction was made before; nothing changed."),
  })
  .meta({ id: "Correction" });

export const entryPageSchema = pageSchema(entrySchema);
export const entryQuery = filterSchema({
  ...pageQuery,
  except_provider: nameSchema.optional().describe("All providers except this one."),
});
export const correctionParams = z.object({ operation_id: z.string() });
export const correctionQuery = z.strictObject({
  key_id: nameSchema.optional().describe("The key of the operation, if several keys use the id."),
});

export type ChargeJson = Json<typeof chargeSchema>;
export type EntryJson = Json<typeof entrySchema>;
export type CorrectionJson = Json<typeof correctionSchema>;
export type CorrectionInput = JsonInput<typeof correctionInput>;
