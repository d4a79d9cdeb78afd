/** Schemas of estimates: what a call may cost, and whether the budgets would admit it. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import { attributionSchema, nameSchema, serviceTierSchema, usdSchema } from "./value.ts";

const tokens = z.int().min(0).max(100_000_000);

export const estimateInput = z
  .strictObject({
    provider: nameSchema,
    model: nameSchema,
    input_tokens: tokens
      .optional()
      .describe("The number of input tokens, if known; otherwise give `text`."),
    text: z
      .string()
      .min(1)
      .optional()
      .describe("The text to send. Its tokens are counted, and it is not stored."),
    max_output_tokens: tokens
      .optional()
      .describe(
        "The output ceiling; by default the model's own, and 0 for models without output: embeddings, rerankers, moderation.",
      ),
    expected_output_tokens: tokens.optional().describe("By default half of the ceiling."),
    cached_tokens: tokens
      .default(0)
      .describe(
        "Part of the input that will be read from a cache. Affects the expected cost only.",
      ),
    cache_write: z.enum(["none", "5m", "1h"]).default("none"),
    service_tier: serviceTierSchema.default("standard"),
    fit: z
      .boolean()
      .default(true)
      .describe(
        "Whether a shorter answer is acceptable, as for a call at the gateway; false corresponds to `x-purser-fit: off`.",
      ),
    attribution: attributionSchema.optional(),
  })
  .meta({ id: "EstimateInput" });

const lineSchema = z.record(z.string(), z.unknown());

export const estimateSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    priced: z.boolean(),
    match: z.string().nullable(),
    price_version: z.string(),
    input_tokens: z.int(),
    input_tokens_from: z.enum(["request", "text"]),
    tokenizer_factor: z
      .number()
      .nullable()
      .describe("Expected tokens of the model per token of the tokenizer used here."),
    expected_output_tokens: z.int(),
    max_output_tokens: z.int(),
    low_usd: usdSchema.nullable().describe("The cost of the input and one output token."),
    expected_usd: usdSchema.nullable(),
    high_usd: usdSchema
      .nullable()
      .describe(
        "The amount that a hold takes: the whole ceiling at the highest rates that can apply.",
      ),
    unit_prices: z
      .record(z.string(), usdSchema)
      .describe(
        "USD per unit, if the model is billed by other units than tokens: the estimate leaves out their cost. Otherwise empty.",
      ),
    fallback: z
      .object({
        from: z
          .enum(["budget", "provider"])
          .describe(
            "`budget`: rates that a budget states. `provider`: the dearest rates of the provider's listed models; the charge is the cost that the provider reports.",
          ),
        input: usdSchema.describe("USD per million tokens."),
        output: usdSchema.describe("USD per million tokens."),
        input_model: z.string().nullable().describe("The model with that rate; `*` if configured."),
        output_model: z.string().nullable(),
      })
      .nullable()
      .describe(
        "The rates at which a model without a price is held; null if it has a price, or no budget needs or states rates.",
      ),
    lines: z.array(lineSchema).describe("Lines of the expected cost."),
    allowed: z
      .boolean()
      .describe("Whether every budget would admit the call now, possibly with a shorter answer."),
    fitted_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "The output ceiling that the gateway would set, if the budgets cannot pay all of it; null if they can, or if they refuse.",
      ),
    passing_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "The highest `max_output_tokens` with which a refused call would be admitted now; null if there is none, or if the call is admitted.",
      ),
    budgets: z.array(
      z.object({
        budget_id: z.string(),
        allowed: z.boolean(),
        reason: z.string().nullable(),
        needed: z.string(),
        available: z.string(),
        currency: z.string(),
      }),
    ),
  })
  .meta({ id: "Estimate" });

export type EstimateJson = Json<typeof estimateSchema>;
export type EstimateInput = JsonInput<typeof estimateInput>;
