/** `/api/v1/prices`: what a model costs at a moment, where that is known from, and prices that a user states. */

import { z } from "zod";
import { lookUpPrice } from "../app/desk/look-up-price.ts";
import { addPrice } from "../app/manage/manage-prices.ts";
import { commonName } from "../domain/price/provider-name.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant, parseInstant } from "../domain/input/scalar.ts";
import { formatUsd, multiply } from "../domain/money/money.ts";
import type { Rate, ServiceTier, PriceOverride } from "../domain/price/rate.ts";
import type { PriceSheet } from "../domain/price/sheet.ts";
import { meters, type Meter } from "../domain/usage/usage.ts";
import type { ModelName } from "./context.ts";
import { adminOnly, anyKey, created, ok, route, type Route } from "./route.ts";
import { answer, instantSchema, nameSchema, problem, usdSchema } from "./schema.ts";

const decimalInput = z.union([z.string(), z.number()]);

const priceInput = z
  .looseObject({
    provider: z.string(),
    model: z.string().describe("The exact id, or a prefix that ends in `*`."),
    ...(Object.fromEntries(meters.map((meter) => [meter, decimalInput.optional()])) as Record<
      Meter,
      z.ZodOptional<typeof decimalInput>
    >),
    valid_from: z.string().nullish(),
    valid_to: z.string().nullish(),
  })
  .meta({
    id: "PriceInput",
    description: "USD per million tokens, or per call for tools and requests.",
  });

const overrideSchema = z
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

const rateSchema = z
  .object({
    meter: z.string(),
    service_tier: z.string(),
    region: z
      .string()
      .nullable()
      .describe("Where the provider's calls must be processed, if that makes a part of the rate."),
    usd_per_million: usdSchema,
    stands_in: z
      .boolean()
      .describe("The model has no rate of its own for this meter; another's is used."),
    above_context_tokens: z.int().nullable().describe("Counts when the context is larger."),
    model: z.string().describe("The row of the catalogue."),
    match: z.enum(["exact", "rule", "prefix"]),
    source: z.string(),
    version: z.string(),
    valid_from: z.string().nullable(),
  })
  .meta({ id: "Rate" });

const priceSchema = z
  .object({
    provider: z.string(),
    model: z.string(),
    at: instantSchema,
    price_version: z.string(),
    match: z
      .enum(["exact", "rule", "prefix"])
      .describe("`prefix`: a shorter id that begins alike; check whether it is the same model."),
    context_window: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    valid_until: instantSchema.nullable().describe("When another price is due; null when none is."),
    rates: z.array(rateSchema),
  })
  .meta({ id: "Price" });

const listSchema = z
  .object({
    price_version: z.string(),
    overrides: z
      .array(overrideSchema)
      .describe("Prices stated over this API, the oldest first; later ones win."),
    models: z
      .array(z.object({ provider: z.string(), model: z.string() }))
      .describe("Every model with a price."),
  })
  .meta({ id: "PriceList" });

const query = z.strictObject({
  provider: nameSchema.optional(),
  model: nameSchema.optional(),
  at: z.string().optional().describe("RFC 3339 or a day; now by default."),
});

export const priceRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/prices",
    access: anyKey,
    tag: "prices",
    summary: "Look a model's prices up, or list what has a price",
    description:
      "With `model`: its rates at a moment. Without: the prices stated here, and every model that has one.",
    query,
    responses: {
      200: answer("The rates, or the list.", z.union([priceSchema, listSchema])),
      400: problem("A field is not valid."),
      404: problem("No price: the model is unpriced, which is not free."),
    },
    handler({ query, context }) {
      const { provider, model } = query;
      const book = context.prices();
      if (model === undefined) {
        const models = (context.catalogue?.() ?? []).map((row) => ({
          ...row,
          provider: commonName(row.provider),
        }));
        return ok({
          price_version: book.version,
          overrides: context.ledger.prices().map(overrideJson),
          models: models
            .filter((row) => provider === undefined || row.provider === commonName(provider))
            .map(nameOf),
        });
      }
      if (provider === undefined) {
        throw new PurserError("invalid_request", "provider is missing", {
          field: "provider",
          remedy: "Give the provider of the model.",
        });
      }
      const at = query.at === undefined ? context.clock.now() : parseInstant(query.at, "at");
      const sheet = lookUpPrice(context, { provider, model, at });
      if (!sheet) throw unpriced(provider, model);
      return ok(priceJson(sheet, at, book.version));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/prices",
    access: adminOnly,
    tag: "prices",
    summary: "State a price; it wins over the catalogue",
    body: priceInput,
    responses: { 201: answer("Added.", overrideSchema), 400: problem("A field is not valid.") },
    async handler({ body, context }) {
      return created(overrideJson(await addPrice(context, body)));
    },
  }),
];

/** A row of the catalogue knows more than its name. */
function nameOf({ provider, model }: ModelName): ModelName {
  return { provider, model };
}

function unpriced(provider: string, model: string): PurserError {
  return new PurserError("not_found", `no price for ${provider}/${model}`, {
    field: "model",
    remedy:
      "Check the name, or state a price with POST /api/v1/prices. The model is unpriced, which is not free.",
  });
}

function overrideJson({
  provider,
  model,
  match,
  perMillion,
  validFrom,
  validTo,
  source,
}: PriceOverride): object {
  return {
    provider,
    model: match === "prefix" ? `${model}*` : model,
    match,
    usd_per_million: perMillion,
    valid_from: validFrom,
    valid_to: validTo,
    source,
  };
}

function priceJson(sheet: PriceSheet, at: number, version: string): object {
  return {
    provider: commonName(sheet.provider),
    model: sheet.model,
    at: formatInstant(at),
    price_version: version,
    match: sheet.match,
    context_window: sheet.contextWindow ?? null,
    max_output_tokens: sheet.maxOutputTokens ?? null,
    valid_until: Number.isFinite(sheet.validUntil) ? formatInstant(sheet.validUntil) : null,
    rates: ratesOf(sheet, at),
  };
}

const serviceTiers: readonly ServiceTier[] = ["standard", "batch", "flex", "priority", "fast"];

/** Contexts at which providers change their rates lie between these. */
const contexts: readonly number[] = [
  1, 33_000, 130_000, 201_000, 257_000, 273_000, 513_000, 1_100_000, 10_000_000,
];

/** A sheet answers what a call costs, so it is asked about one unit of each meter on each tier and in each size of context. */
function ratesOf(sheet: PriceSheet, at: number): readonly object[] {
  const found = new Map<string, object>();
  for (const serviceTier of serviceTiers) {
    for (const context of contexts) {
      for (const meter of meters) {
        const usage = meter === "input" ? { input: context } : { input: context, [meter]: 1 };
        const rate = sheet
          .charge({ model: sheet.model, usage }, { serviceTier, at })
          .find((line) => line.meter === meter)?.rate;
        if (!rate || rate.serviceTier !== serviceTier) continue;
        const row = rateJson(rate, meter);
        found.set(JSON.stringify(row), row);
      }
    }
  }
  return [...found.values()];
}

function rateJson(rate: Rate, meter: Meter): object {
  return {
    meter,
    service_tier: rate.serviceTier,
    region: rate.region ?? null,
    usd_per_million: formatUsd(multiply(rate.perUnit, 1_000_000)),
    stands_in: rate.meter !== meter,
    above_context_tokens: rate.context?.tokens ?? null,
    model: rate.model,
    match: rate.match,
    source: rate.source,
    version: rate.version,
    valid_from: rate.validFrom ?? null,
  };
}
