/** Schemas of figures over time. */

import { z } from "zod";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { instantSchema, usageSchema, usdSchema } from "./value.ts";

const figures = {
  calls: z.int().describe("Those that were charged: averages are of them."),
  released: z
    .int()
    .describe(
      "Calls that ended without a charge: the provider answered with an error, or was not reached.",
    ),
  refusals: z.int().describe("Calls that a budget refused."),
  cost_usd: usdSchema,
  tokens: z.int().describe("All tokens, cached ones included."),
  usage: usageSchema,
  avg_latency_ms: z.number(),
};
export const figuresSchema = z.object(figures).meta({ id: "Figures" });
export const groupSchema = z
  .object({ group: z.record(z.string(), z.string()), ...figures })
  .meta({ id: "GroupFigures" });

export const seriesSchema = z
  .object({
    from: instantSchema,
    to: instantSchema,
    bucket: z.enum(["none", "hour", "day", "week", "month"]),
    time_zone: z.string(),
    by: z.array(z.string()),
    total: figuresSchema,
    groups: z.array(groupSchema).describe("Over the whole range, the dearest first."),
    key_names: z
      .record(z.string(), z.string())
      .describe(
        "Of the keys in the groups, where they are split by `key`: the names by their ids.",
      ),
    unpriced: z
      .array(
        z.object({
          provider: z.string(),
          model: z.string().describe("The model served."),
          calls: z.int(),
        }),
      )
      .describe(
        "Models that no price was known for, in the range: their calls are counted as nothing, and are not free.",
      ),
    data: z
      .array(
        z.object({
          start: instantSchema,
          end: instantSchema,
          total: figuresSchema,
          groups: z.array(groupSchema),
        }),
      )
      .describe("Every bucket of the range, empty ones too."),
  })
  .meta({ id: "Series" });

export const seriesQuery = filterSchema({
  bucket: z
    .enum(["none", "hour", "day", "week", "month"])
    .default("day")
    .describe("`none` gives the sums of the range only."),
  by: z
    .string()
    .max(500)
    .optional()
    .describe(
      "Split by, joined by commas: `provider`, `model`, `endpoint`, `key`, `status`, a dimension, `tag:NAME`.",
    ),
  include: includeSchema,
  time_zone: z.string().max(100).default("UTC").describe("IANA name."),
});

export type FiguresJson = Json<typeof figuresSchema>;
export type GroupFiguresJson = Json<typeof groupSchema>;
export type SeriesJson = Json<typeof seriesSchema>;
