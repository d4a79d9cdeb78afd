/** Schemas of figures over time. */

import { z } from "zod";
import { currencyQuery, displayedSchema, displaySchema } from "./currency.ts";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { instantSchema, usageSchema, usdSchema } from "./value.ts";

const figures = {
  calls: z.int().describe("Charged calls of models."),
  charges: z.int().describe("Charges that are no model call, such as those of tools."),
  released: z
    .int()
    .describe(
      "Calls that ended without a charge: the provider answered with an error, or was not reached.",
    ),
  refusals: z.int().describe("Calls that a budget refused."),
  cost_usd: usdSchema.describe("Of calls and charges."),
  cost: displayedSchema,
  charge_cost_usd: usdSchema.describe("The part of `cost_usd` that is of charges."),
  charge_cost: displayedSchema,
  tokens: z.int().describe("All tokens, including cached ones."),
  usage: usageSchema,
  avg_latency_ms: z
    .number()
    .describe("Of the calls whose latency is known; 0 if it is known of none."),
};
export const figuresSchema = z.object(figures).meta({ id: "Figures" });
export const groupFiguresSchema = z
  .object({ group: z.record(z.string(), z.string()), ...figures })
  .meta({ id: "GroupFigures" });

export const seriesSchema = z
  .object({
    from: instantSchema,
    to: instantSchema,
    bucket: z.enum(["none", "hour", "day", "week", "month"]),
    time_zone: z.string(),
    display: displaySchema.optional().describe("The currency of `cost`, if one was asked for."),
    by: z.array(z.string()),
    total: figuresSchema,
    groups: z.array(groupFiguresSchema).describe("Over the whole range, the most expensive first."),
    key_names: z
      .record(z.string(), z.string())
      .describe("Names of keys by their ids, if grouped by `key`."),
    unpriced: z
      .array(
        z.object({
          provider: z.string(),
          model: z.string().describe("The model served."),
          calls: z.int(),
        }),
      )
      .describe("Models without a price in the range. Their calls count as 0, but are not free."),
    data: z
      .array(
        z.object({
          start: instantSchema,
          end: instantSchema,
          total: figuresSchema,
          groups: z.array(groupFiguresSchema),
        }),
      )
      .describe("Every bucket of the range, including empty ones."),
  })
  .meta({ id: "Series" });

export const seriesQuery = filterSchema({
  bucket: z
    .enum(["none", "hour", "day", "week", "month"])
    .default("day")
    .describe("`none` returns only the sums of the range."),
  by: z
    .string()
    .max(500)
    .optional()
    .describe(
      "Names to group by, separated by commas: `provider`, `model`, `endpoint`, `key`, `status`, a dimension, `tag:NAME`.",
    ),
  include: includeSchema,
  ...currencyQuery,
  time_zone: z.string().max(100).default("UTC").describe("IANA time zone name."),
});

export type FiguresJson = Json<typeof figuresSchema>;
export type GroupFiguresJson = Json<typeof groupFiguresSchema>;
export type SeriesJson = Json<typeof seriesSchema>;
