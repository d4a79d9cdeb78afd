/** Schemas of prices: the rates of a model, and prices that a user adds. */

import { z } from "zod";
import { pricedTiers, type PricedTier } from "../domain/price/text/row-text.ts";
import { meterFields, type RateField } from "../domain/price/text/rates-text.ts";
import type { Json, JsonInput } from "./json.ts";
import { decimalSchema, instantSchema, matchSchema, nameSchema, usdSchema } from "./value.ts";

/** Numbers are refused later, with the text to write instead. */
const decimalInput = z.union([z.string(), z.number()]).meta({ examples: ["0.15"] });

const tierExample = { above: 200_000, input: "4", output: "15" };
const hoursExample = { days: ["mon"], from: "01:00", to: "04:00", input: "0.30" };
const freeExample = { units: 1500, per: "day" };

/** Where unknown fields pass, they are refused later, with the field that was meant. */
interface PriceForm<Decimal extends z.ZodType> {
  readonly decimal: Decimal;
  readonly object: <Shape extends z.ZodRawShape>(shape: Shape) => z.ZodObject<Shape>;
  readonly termId: string;
}

/** All fields of a price except its validity. */
function priceShape<Decimal extends z.ZodType>({ decimal, object, termId }: PriceForm<Decimal>) {
  const rates = ofMeters(decimal);
  const meters = z
    .record(z.string(), decimal)
    .optional()
    .meta({
      description: 'Prices of tools and other units, in USD per unit: `{"tool:ocr": "0.002"}`.',
      examples: [{ "tool:ocr": "0.002" }],
    });
  const tiers = z
    .array(
      object({
        above: z.int().optional().describe("For contexts of more tokens than this."),
        from: z.int().optional().describe("For contexts of at least this many tokens."),
        ...rates,
      }).meta({ examples: [tierExample] }),
    )
    .optional()
    .meta({
      description:
        "Rates of the whole request by the size of its context, ascending; only those that differ.",
      examples: [[tierExample]],
    });
  const term = object({
    factor: decimal
      .optional()
      .describe('Of the standard token rates: "0.5", "5/3". Instead of rates.'),
    without: z
      .array(z.string())
      .optional()
      .describe("Token meters, or `reasoning`, that the factor does not price."),
    ...rates,
    meters,
    context_tiers: tiers,
  }).meta({
    id: termId,
    description: "A factor, or rates per million tokens.",
    examples: [{ factor: "0.5" }, { input: "1", output: "5" }],
  });
  return {
    provider: z.string(),
    model: z.string().describe("The exact id, or a prefix followed by `*`."),
    aliases: z
      .array(z.string())
      .optional()
      .meta({ description: "Other ids of the model.", examples: [["my-model-latest"]] }),
    ...rates,
    meters,
    context_tiers: tiers,
    service_tiers: object(byTier(term))
      .optional()
      .meta({
        description: "Prices of the tiers that the model is served in, besides the standard one.",
        examples: [{ batch: { factor: "0.5" } }],
      }),
    regions: z
      .union([z.literal("included"), z.record(z.string(), term)])
      .optional()
      .meta({
        description:
          "Prices of calls that must be processed in a region, by its name, `*` for any other. " +
          "`included`, the default: the rates apply to every region.",
        examples: ["included", { us: { factor: "1.1" } }],
      }),
    hours: z
      .array(
        object({
          days: z.array(z.string()).optional().describe("`mon` to `sun`; every day by default."),
          from: z.string().describe('Included, in UTC: "01:00".'),
          to: z.string().describe("Excluded; at or before `from`: on the next day."),
          ...rates,
          meters,
        }).meta({ examples: [hoursExample] }),
      )
      .optional()
      .meta({
        description: "Hours with other rates. The first that match apply.",
        examples: [[hoursExample]],
      }),
    free: z
      .record(
        z.string(),
        object({ units: z.int(), per: z.enum(["day", "month"]) }).meta({
          examples: [freeExample],
        }),
      )
      .optional()
      .meta({
        description:
          "Units that the provider does not charge, for information: they are charged here.",
        examples: [{ web_search: freeExample }],
      }),
    cache_writes: z
      .enum(["asked", "always"])
      .optional()
      .describe(
        "`always` if the provider may write a cache unasked. By default only if `cache_write_5m` has a price.",
      ),
    context_window: z.int().optional(),
    max_output_tokens: z.int().optional(),
  };
}

export const priceInput = z
  .looseObject({
    ...priceShape({
      decimal: decimalInput,
      object: (shape) => z.object(shape).loose() as unknown as z.ZodObject<typeof shape>,
      termId: "PriceTermInput",
    }),
    valid_from: z
      .string()
      .nullish()
      .describe("RFC 3339 or a date, included; the time of the request by default."),
    valid_to: z.string().nullish().describe("Excluded; no end by default."),
  })
  .meta({
    id: "PriceInput",
    description: "USD per million tokens; for tools and requests, per call.",
  });

export const priceTextSchema = z
  .object({
    ...priceShape({ decimal: z.string(), object: (shape) => z.object(shape), termId: "PriceTerm" }),
    valid_from: instantSchema.optional(),
    valid_to: instantSchema.optional(),
  })
  .meta({
    id: "PriceText",
    description: "A whole price in the form of requests; absent fields have their default.",
  });

/** What a rate counts, so that its amount is read in the right unit. */
const rateAmount = {
  usd: decimalSchema.describe("USD per `per`."),
  per: z
    .enum(["million_tokens", "unit"])
    .describe("`unit`: one image, second, page, call or other unit that the meter names."),
};

export const priceOverrideSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    match: z.enum(["exact", "prefix"]),
    usd_per_million: z
      .record(z.string(), z.string())
      .describe(
        "The standard rates by meter, per million also of fees and units: `rates` has them by unit.",
      ),
    rates: z
      .array(z.object({ meter: z.string(), ...rateAmount }))
      .describe("The standard rates; `price` has the others."),
    valid_from: z.string().nullable().describe("As it was set; null: from `set_at` on."),
    valid_to: z.string().nullable().describe("As it was set, or `removed_at` if that is earlier."),
    source: z.string(),
    price_id: z.string().describe("Names the price in `DELETE /api/v1/prices/{price_id}`."),
    set_at: instantSchema,
    removed_at: instantSchema.nullable(),
    price: priceTextSchema,
  })
  .meta({ id: "PriceOverride" });

export const addedPriceSchema = priceOverrideSchema
  .extend({
    warnings: z
      .array(z.object({ field: z.string(), message: z.string(), remedy: z.string() }))
      .describe(
        "What is valid but may be a mistake: a provider that looks misspelt, an end in the past, or a price of the same model in `purser.yaml`, over which this one takes precedence.",
      ),
  })
  .meta({ id: "AddedPrice" });

export const removedPriceSchema = priceOverrideSchema
  .extend({ repeated: z.boolean().describe("It was removed before; nothing changed.") })
  .meta({ id: "RemovedPrice" });

export const priceParams = z.object({ price_id: z.string() });

export const rateSchema = z
  .object({
    meter: z.string(),
    service_tier: z.string(),
    region: z
      .string()
      .nullable()
      .describe("Where calls must be processed, if the rate depends on it."),
    usd_per_million: usdSchema.describe("Per million units, whatever the meter counts."),
    ...rateAmount,
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
      .describe(
        "Prices added over this API, oldest first, removed ones included. Later ones take precedence over earlier ones, and all of them over `purser.yaml`.",
      ),
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

export type AddedPriceJson = Json<typeof addedPriceSchema>;
export type RemovedPriceJson = Json<typeof removedPriceSchema>;
export type PriceOverrideJson = Json<typeof priceOverrideSchema>;
export type RateJson = Json<typeof rateSchema>;
export type PriceJson = Json<typeof priceSchema>;
export type PriceListJson = Json<typeof priceListSchema>;
export type PriceInput = JsonInput<typeof priceInput>;

function byTier<Term extends z.ZodType>(term: Term): Record<PricedTier, z.ZodOptional<Term>> {
  return Object.fromEntries(pricedTiers.map((tier) => [tier, z.optional(term)])) as Record<
    PricedTier,
    z.ZodOptional<Term>
  >;
}

function ofMeters<Value extends z.ZodType>(value: Value): Record<RateField, z.ZodOptional<Value>> {
  return Object.fromEntries(meterFields.map((meter) => [meter, z.optional(value)])) as Record<
    RateField,
    z.ZodOptional<Value>
  >;
}
