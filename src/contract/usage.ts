/** Schemas of usage that was metered elsewhere: rows of a batch, and an answer for each. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import { problemCodeSchema } from "./problem.ts";
import {
  attributionSchema,
  idSchema,
  instantInput,
  nameSchema,
  serviceTierSchema,
  usageSchema,
  usdInput,
  usdSchema,
} from "./value.ts";

const operationId = idSchema
  .optional()
  .describe(
    "Identifies the call: a repeat charges nothing. If absent, an id is derived from the row, which then needs a `timestamp`: identical rows are one call.",
  );

const timestamp = z
  .string()
  .optional()
  .describe(`When the call was made. ${instantInput} At most 5 years ago; by default, now.`);

export const usageRowSchema = z
  .strictObject({
    operation_id: operationId,
    id: idSchema.optional().describe("Another name of `operation_id`."),
    timestamp,
    provider: nameSchema,
    model: nameSchema.describe("The model that answered."),
    requested_model: nameSchema.optional().describe("The model requested, if it is another one."),
    usage: usageSchema.optional().describe("Priced at the time of the call. Or give `amount_usd`."),
    amount_usd: usdInput.optional().describe("The cost, if you know it instead of the usage."),
    reported_cost_usd: usdInput
      .optional()
      .describe("The cost that the provider reported, recorded with ours."),
    service_tier: serviceTierSchema.optional().describe("The tier served; `standard` if absent."),
    region: nameSchema.optional().describe("The region that served the call."),
    attribution: attributionSchema.optional(),
    endpoint: nameSchema.optional().describe("What was called; `usage` if absent."),
    latency_ms: z.int().min(0).max(86_400_000).optional(),
    status: z
      .enum(["settled", "estimated"])
      .optional()
      .describe("`estimated` if the counts are estimates; `settled` if absent."),
  })
  .meta({ id: "UsageRow" });

const tokens = z.int().min(0).max(1_000_000_000_000);

export const tokenUsageSchema = z
  .strictObject({
    operation_id: operationId,
    agent_id: nameSchema.optional().describe("The attribution `agent`."),
    capability_type: nameSchema.optional().describe("The attribution `capability`."),
    prompt_tokens: tokens.describe("All input tokens, charged as uncached."),
    completion_tokens: tokens,
    total_tokens: tokens.optional().describe("The sum of the other two."),
    model_id: nameSchema.describe("`MODEL` if one provider has it, or `PROVIDER/MODEL`."),
    provider: nameSchema.optional().describe("Found by the model if absent."),
    timestamp,
  })
  .meta({ id: "TokenUsage", description: "A row with gross counts." });

export const mostUsageRows = 1000;

export const usageInput = z
  .strictObject({
    data: z
      .array(
        z.union([usageRowSchema, tokenUsageSchema, z.unknown()]).describe(
          // Any value is accepted here.
          "A `UsageRow` or a `TokenUsage`. Anything else is answered as `invalid`, row by row.",
        ),
      )
      .min(1)
      .max(mostUsageRows),
  })
  .meta({ id: "UsageInput" });

const rowErrorSchema = z.object({
  code: problemCodeSchema,
  detail: z.string().describe("What is wrong with this row."),
  field: z.string().nullable().describe("The invalid field of the row."),
  remedy: z.string().nullable().describe("How to fix it."),
});

const rowAnswerSchema = z.object({
  index: z.int().describe("The place of the row in the request, from 0."),
  operation_id: z.string().nullable(),
  status: z
    .enum(["recorded", "repeated", "invalid", "conflict"])
    .describe(
      "`repeated`: the same row was recorded before. `conflict`: the id was used with another body.",
    ),
  cost_usd: usdSchema.nullable().describe("The charge; null if the row was not recorded."),
  flags: z.array(z.string()).describe("Such as `unpriced`: see the flags of entries."),
  error: rowErrorSchema.optional(),
});

export const usageAnswerSchema = z
  .object({
    data: z.array(rowAnswerSchema),
    recorded: z.int(),
    repeated: z.int(),
    failed: z.int().describe("Rows that are `invalid` or a `conflict`."),
  })
  .meta({ id: "UsageAnswer" });

export type UsageAnswerJson = Json<typeof usageAnswerSchema>;
export type UsageInput = JsonInput<typeof usageInput>;
