/** Schemas of estimates: what a call may cost, and whether the budgets would admit it. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import { attributionSchema, nameSchema, serviceTierSchema, usdSchema } from "./value.ts";

const tokens = z.int().min(0).max(100_000_000);

export const estimateInput = z
  .strictObject({
    provider: nameSchema,
    model: nameSchema,
    input_tokens: tokens.optional().describe("When you have counted them; else give `text`."),
    text: z
      .string()
      .min(1)
      .optional()
      .describe("What will be sent; its tokens are counted here, and nothing of it is kept."),
    max_output_tokens: tokens.optional().describe("The ceiling; the model's own by default."),
    expected_output_tokens: tokens.optional().describe("Half of the ceiling by default."),
    cached_tokens: tokens
      .default(0)
      .describe("The part of the input that will be read from a cache, for the expected cost."),
    cache_write: z.enum(["none", "5m", "1h"]).default("none"),
    service_tier: serviceTierSchema.default("standard"),
    fit: z
      .boolean()
      .default(true)
      .describe(
        "Whether a shorter answer would do, as for a call at the gateway; false as with `x-purser-fit: off`.",
      ),
    attribution: attributionSchema.optional(),
  })
  .meta({ id: "EstimateInput" });

export const lineSchema = z.record(z.string(), z.unknown());

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
      .describe("By how much the model's family counts more than the tokenizer used here."),
    expected_output_tokens: z.int(),
    max_output_tokens: z.int(),
    low_usd: usdSchema.nullable().describe("The input with an answer of one token."),
    expected_usd: usdSchema.nullable(),
    high_usd: usdSchema
      .nullable()
      .describe("What a hold takes: the whole ceiling, at the dearest rates that can apply."),
    lines: z.array(lineSchema).describe("Of the expected cost."),
    allowed: z
      .boolean()
      .describe("Whether every budget would let the call pass now, be it with a shorter answer."),
    fitted_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "To what the gateway would fit the output ceiling, where the budgets cannot pay all of it; null where they can, or refuse.",
      ),
    passing_max_output_tokens: z
      .int()
      .nullable()
      .describe(
        "The most `max_output_tokens` with which the same call would pass now, where it is refused as it is; null where none would, or it passes.",
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
