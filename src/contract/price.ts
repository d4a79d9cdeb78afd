/** Schemas of prices: the rates of a model, and prices that a user adds. */

import { z } from "zod";
import { fixedMeters, type FixedMeter } from "../domain/usage/usage.ts";
import type { Json, JsonInput } from "./json.ts";
import { instantSchema, nameSchema, usdSchema } from "./value.ts";

const decimalInput = z.union([z.string(), z.number()]);

export const priceInput = z
  .looseObject({
    provider: z.string(),
    model: z.string().describe("The exact id, or a prefix followed by `*`."),
    ...(Object.fromEntries(fixedMeters.map((meter) => [meter, decimalInput.optional()])) as Record<
      FixedMeter,
      z.ZodOptional<typeof decimalInput>
    >),
    meters: z
      .record(z.string(), decimalInput)
      .optional()
      .describe('Prices of tools and other units, in USD per unit: `{"tool:ocr": "0.002"}`.'),
    valid_from: z.string().nullish(),
    valid_to: z.string().nullish(),
  })
  .meta({
    id: "PriceInput",
    description: "USD per million tokens; for tools and requests, per call.",
  });

export const priceOverrideSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    match: z.enum(["exact", "prefix"]),
    usd_per_million: z.record(z.string(), z.string()),
    valid_from: z.string().nullable(),
    valid_to: z.string().nullable(),
    source: z.string(),
  })
  .meta({ id: "PriceOverride" });

export const rateSchema = z
  .object({
    meter: z.string(),
    service_tier: z.string(),
    region: z
      .string()
      .nullable()
      .describe("Where calls must be processed, if the rate depends on it."),
    usd_per_million: usdSchema,
    stands_in: z
      .boolean()
      .describe("The model has no rate for this meter; another meter's rate is used."),
    above_context_tokens: z.int().nullable().describe("The rate applies if the context is larger."),
    model: z.string().describe("The row of the catalogue."),
    match: z.enum(["exact", "rule", "prefix"]),
    source: z.string(),
    version: z.string(),
    valid_from: z.string().nullable(),
  })
  .meta({ id: "Rate" });

export const priceSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    at: instantSchema,
    price_version: z.string(),
    match: z
      .enum(["exact", "rule", "prefix"])
      .describe("`prefix`: a shorter id matched; check that it is the same model."),
    context_window: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    valid_until: instantSchema
      .nullable()
      .describe("When the price changes; null if no change is known."),
    rates: z.array(rateSchema),
  })
  .meta({ id: "Price" });

export const priceListSchema = z
  .object({
    price_version: z.string(),
    overrides: z
      .array(priceOverrideSchema)
      .describe("Prices added over this API, oldest first. Later ones take precedence."),
    models: z
      .array(z.object({ provider: z.string(), model: z.string() }))
      .describe("Every model with a price."),
  })
  .meta({ id: "PriceList" });

export const priceQuery = z.strictObject({
  provider: nameSchema.optional(),
  model: nameSchema.optional(),
  at: z.string().optional().describe("RFC 3339 or a date; now by default."),
});

export const priceAnswerSchema = z.union([priceSchema, priceListSchema]);

export type PriceOverrideJson = Json<typeof priceOverrideSchema>;
export type RateJson = Json<typeof rateSchema>;
export type PriceJson = Json<typeof priceSchema>;
export type PriceListJson = Json<typeof priceListSchema>;
export type PriceInput = JsonInput<typeof priceInput>;
