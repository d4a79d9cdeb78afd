/** Schemas of price updates: a published list compared with the book, applied or reverted. */

import { z } from "zod";
import { doubtKinds } from "../domain/price/update/list-doubt.ts";
import type { Json, JsonInput } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { decimalSchema, instantSchema, usdSchema } from "./value.ts";

const partialSchema = z
  .boolean()
  .describe(
    "The list has fewer than 100 models, or lacks a whole provider: the age of the prices does not begin again.",
  );

export const priceUpdateInput = z
  .strictObject({
    from: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe(
        "Where the server downloads the list: `genai-prices`, `litellm`, `models.dev`, `openrouter`, or an http or https URL.",
      ),
    text: z.string().min(1).optional().describe("The list itself, instead of `from`."),
    name: z
      .string()
      .max(200)
      .optional()
      .describe("With `text`: the name of the list in the history, such as its file name."),
    accept: z.array(z.enum(doubtKinds)).optional().describe("Kinds of doubt to accept."),
  })
  .meta({ id: "PriceUpdateInput" });

export const priceUpdateQuery = z.strictObject({
  check: z
    .enum(["true", "false"])
    .optional()
    .describe("`true`: only report what would change, and store nothing."),
});

export const priceUpdateParams = z.object({ update_id: z.string() });

const modelSchema = z.object({ provider: z.string(), model: z.string() });

const rateChangeSchema = z.object({
  meter: z.string(),
  service_tier: z.string(),
  region: z.string().nullable(),
  from_context_tokens: z.int().nullable().describe("The smallest context with these rates."),
  before_usd_per_million: decimalSchema.nullable().describe("Null if it had no price."),
  after_usd_per_million: decimalSchema.nullable(),
});

const modelChangeSchema = z.object({
  ...modelSchema.shape,
  change: z.enum(["new", "dearer", "cheaper", "mixed"]),
  rates: z
    .array(rateChangeSchema)
    .describe(
      "The largest change of each meter, in proportion. For a new model its standard rates, with null before.",
    ),
  own_price: z
    .boolean()
    .describe("A price that you set takes precedence: what calls cost does not change."),
  carried: z
    .array(z.string())
    .describe(
      "Prices that the list does not state, changed in proportion to those that it does: meters, tiers, regions, `context_tiers`, `hours`.",
    ),
  valid_from: instantSchema.nullable().describe("When it begins, if that is later than now."),
  known_change: instantSchema
    .nullable()
    .describe(
      "When a later price of the book begins, or its price ends, which the list does not state. This change is kept: the new price ends then.",
    ),
});

const doubtSchema = z.object({
  kind: z
    .enum(doubtKinds)
    .describe(
      "`zero`: a price becomes zero, or a new model has one. `tenfold`: ten times as high or as low, or more. `vanished`: a provider has no models left in the list. `empty`: the list has no prices. `unit`: a price per token, or per unit of anything else, is impossible.",
    ),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  detail: z.string(),
});

const effectSchema = z
  .object({
    from: instantSchema.describe("Start of the month (UTC)."),
    spent_usd: usdSchema.describe("What all calls of this month cost."),
    would_have_been_usd: usdSchema,
    models: z.array(
      z.object({ ...modelSchema.shape, spent_usd: usdSchema, would_have_been_usd: usdSchema }),
    ),
  })
  .describe(
    "What this month's spend would have been: the spend of each model whose price changes, times its usage at the new rates, divided by its usage at the old rates. Rates are the standard ones of a small context. Spend that a provider bills by its own report does not change.",
  );

export const priceUpdateSchema = z
  .object({
    state: z
      .enum(["checked", "applied", "unchanged", "refused"])
      .describe(
        "`checked`: nothing was stored, as asked. `applied`: all changes are stored. `unchanged`: list and book agree, which is recorded. `refused`: nothing was stored, because of `refused_for`.",
      ),
    update_id: z.string().nullable(),
    source: z.string().describe("With the version, named in each charge at one of these prices."),
    version: z.string(),
    sha256: z.string().describe("Of the list's text, in hex."),
    from: z.string(),
    refused_for: z.array(z.enum(doubtKinds)).describe("Kinds of doubt that `accept` leaves out."),
    doubts: z.array(doubtSchema),
    partial: partialSchema,
    unchanged: z.int().describe("Number of models for which list and book agree."),
    changes: z.array(modelChangeSchema),
    gone: z
      .array(modelSchema)
      .describe("Models that the list no longer has. They keep their price."),
    skipped: z
      .array(
        z.object({
          ...modelSchema.shape,
          path: z
            .string()
            .nullable()
            .describe("Where the list has the model: `[0].models[3]`. Null if it could be read."),
          why: z.string(),
        }),
      )
      .describe("Models whose price in the list cannot be expressed. They keep theirs."),
    effect: effectSchema,
  })
  .meta({ id: "PriceUpdate" });

export const keptPriceUpdateSchema = z
  .object({
    update_id: z.string(),
    at: instantSchema.describe("Its prices apply to calls that begin from then on."),
    source: z.string(),
    version: z.string(),
    sha256: z.string(),
    from: z.string(),
    prices: z.int().describe("Number of prices that it changed."),
    partial: partialSchema,
    reverted_at: instantSchema.nullable().describe("When its prices ended; null if they have not."),
  })
  .meta({ id: "KeptPriceUpdate" });

export const priceUpdatesQuery = z.strictObject(pageQuery);

export const priceUpdatesSchema = pageSchema(keptPriceUpdateSchema);

export const revertedPriceUpdateSchema = z.object({
  ...keptPriceUpdateSchema.shape,
  repeated: z.boolean().describe("It was reverted before; nothing changed."),
});

export type PriceUpdateInput = JsonInput<typeof priceUpdateInput>;
/** After validation. */
export type PriceUpdateBody = z.output<typeof priceUpdateInput>;
export type PriceUpdateJson = Json<typeof priceUpdateSchema>;
export type ModelChangeJson = Json<typeof modelChangeSchema>;
export type KeptPriceUpdateJson = Json<typeof keptPriceUpdateSchema>;
export type PriceUpdatesJson = Json<typeof priceUpdatesSchema>;
export type RevertedPriceUpdateJson = Json<typeof revertedPriceUpdateSchema>;
