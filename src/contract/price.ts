/** Schemas of prices: the rates of a model, and prices that a user adds. */

import { z } from "zod";
import { pricedTiers, type PricedTier } from "../domain/price/text/row-text.ts";
import { meterFields, type RateField } from "../domain/price/text/rates-text.ts";
import type { Json, JsonInput } from "./json.ts";
import { instantSchema, matchSchema, nameSchema, usdSchema } from "./value.ts";

const decimalInput = z.union([z.string(), z.number()]);

const ratesInput = ofMeters(decimalInput);
const metersInput = z
  .record(z.string(), decimalInput)
  .optional()
  .describe('Prices of tools and other units, in USD per unit: `{"tool:ocr": "0.002"}`.');
const tiersInput = z
  .array(
    z.looseObject({
      above: z.int().optional().describe("For contexts of more tokens than this."),
      from: z.int().optional().describe("For contexts of at least this many tokens."),
      ...ratesInput,
    }),
  )
  .optional()
  .describe(
    "Rates of the whole request by the size of its context, ascending; only those that " +
      "differ.",
  );
const termInput = z
  .looseObject({
    factor: z
      .string()
      .optional()
      .describe('Of the standard token rates: "0.5", "5/3". Instead of rates.'),
    without: z
      .array(z.string())
      .optional()
      .describe("Token meters, or `reasoning`, that the factor does not price."),
    ...ratesInput,
    context_tiers: tiersInput,
  })
  .meta({ id: "PriceTermInput", description: "A factor, or rates per million tokens." });

const ratesText = ofMeters(z.string());
const metersText = z.record(z.string(), z.string()).optional();
const tierText = z.object({
  above: z.int().optional(),
  from: z.int().optional(),
  ...ratesText,
});
const termText = z
  .object({
    factor: z.string().optional(),
    without: z.array(z.string()).optional(),
    ...ratesText,
    context_tiers: z.array(tierText).optional(),
  })
  .meta({ id: "PriceTerm", description: "A factor, or rates per million tokens." });

export const priceInput = z
  .looseObject({
    provider: z.string(),
    model: z.string().describe("The exact id, or a prefix followed by `*`."),
    aliases: z.array(z.string()).optional().describe("Other ids of the model."),
    ...ratesInput,
    meters: metersInput,
    context_tiers: tiersInput,
    service_tiers: z
      .looseObject(
        Object.fromEntries(pricedTiers.map((tier) => [tier, termInput.optional()])) as Record<
          PricedTier,
          z.ZodOptional<typeof termInput>
        >,
      )
      .optional()
      .describe("Prices of the tiers that the model is served in, besides the standard one."),
    regions: z
      .union([z.literal("included"), z.record(z.string(), termInput)])
      .optional()
      .describe(
        "Prices of calls that must be processed in a region, by its name, `*` for any other. " +
          "`included`, the default: the rates apply to every region.",
      ),
    hours: z
      .array(
        z.looseObject({
          days: z.array(z.string()).optional().describe("`mon` to `sun`; every day by default."),
          from: z.string().describe('Included, in UTC: "01:00".'),
          to: z.string().describe("Excluded; at or before `from`: on the next day."),
          ...ratesInput,
          meters: metersInput,
        }),
      )
      .optional()
      .describe("Hours with other rates. The first that match apply."),
    free: z
      .record(z.string(), z.looseObject({ units: z.int(), per: z.enum(["day", "month"]) }))
      .optional()
      .describe("Units that the provider does not charge, for information: they are charged here."),
    cache_writes: z
      .enum(["asked", "always"])
      .optional()
      .describe(
        "`always` if the provider may write a cache unasked. By default only if `cache_write_5m` has a price.",
      ),
    context_window: z.int().optional(),
    max_output_tokens: z.int().optional(),
    valid_from: z.string().nullish(),
    valid_to: z.string().nullish(),
  })
  .meta({
    id: "PriceInput",
    description: "USD per million tokens; for tools and requests, per call.",
  });

export const priceTextSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    aliases: z.array(z.string()).optional(),
    ...ratesText,
    meters: metersText,
    context_tiers: z.array(tierText).optional(),
    service_tiers: z
      .object(
        Object.fromEntries(pricedTiers.map((tier) => [tier, termText.optional()])) as Record<
          PricedTier,
          z.ZodOptional<typeof termText>
        >,
      )
      .optional(),
    regions: z.union([z.literal("included"), z.record(z.string(), termText)]).optional(),
    hours: z
      .array(
        z.object({
          days: z.array(z.string()).optional(),
          from: z.string(),
          to: z.string(),
          ...ratesText,
          meters: metersText,
        }),
      )
      .optional(),
    free: z
      .record(z.string(), z.object({ units: z.int(), per: z.enum(["day", "month"]) }))
      .optional(),
    cache_writes: z.enum(["asked", "always"]).optional(),
    context_window: z.int().optional(),
    max_output_tokens: z.int().optional(),
    valid_from: instantSchema.optional(),
    valid_to: instantSchema.optional(),
  })
  .meta({
    id: "PriceText",
    description: "A whole price in the form of requests; absent fields have their default.",
  });

export const priceOverrideSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    match: z.enum(["exact", "prefix"]),
    usd_per_million: z
      .record(z.string(), z.string())
      .describe("The standard rates by meter, also of fees; `price` has the others."),
    valid_from: z.string().nullable(),
    valid_to: z.string().nullable(),
    source: z.string(),
    price: priceTextSchema,
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
    match: matchSchema,
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
    match: matchSchema,
    context_window: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    valid_until: instantSchema
      .nullable()
      .describe("When the price changes; null if no change is known."),
    rates: z.array(rateSchema).describe("At this time, and in the usual region of the provider."),
    price: priceTextSchema.describe("The whole price: add it with POST to state it yourself."),
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

function ofMeters<Value extends z.ZodType>(value: Value): Record<RateField, z.ZodOptional<Value>> {
  return Object.fromEntries(meterFields.map((meter) => [meter, z.optional(value)])) as Record<
    RateField,
    z.ZodOptional<Value>
  >;
}
