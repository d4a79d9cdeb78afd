/** Schemas of reports: chosen metrics by group and time, compared with an earlier range. */

import { z } from "zod";
import { dimensions, type Dimension } from "../domain/attribution/attribution.ts";
import { currencyQuery, displayedSchema, displaySchema } from "./currency.ts";
import { filterSchema, includeSchema } from "./filter.ts";
import type { Json } from "./json.ts";
import { rangeQuery } from "./range.ts";
import { instantSchema, usdSchema } from "./value.ts";

const money = usdSchema.nullable().optional();
const sum = z.int().optional();
const part = z.number().nullable().optional();

const perDimension = Object.fromEntries(
  dimensions.map((dimension) => [`cost_per_${dimension}`, money]),
) as Record<`cost_per_${Dimension}`, typeof money>;

const figures = {
  cost: money.describe("Of calls and charges."),
  calls: sum.describe("Charged calls of models."),
  charges: sum.describe("Charges that are no model call, such as those of tools."),
  charge_cost: money.describe("The part of `cost` that is of charges."),
  released: sum.describe("Calls that ended without a charge. They are in no average."),
  refusals: sum.describe("Calls that a budget refused. They are in no average."),
  tokens: sum.describe("All tokens, including cached ones."),
  input: sum.describe("Including cached tokens."),
  uncached_input: sum,
  cache_read: sum,
  cache_write: sum,
  output: sum,
  reasoning: sum.describe("Part of `output`."),
  cache_hit_share: part.describe("Tokens read from a cache, as a share of `input`, 0 to 1."),
  latency_avg: part.describe("Milliseconds. Latencies are those of calls for which one is known."),
  latency_p50: part.describe("Milliseconds, to within 5 %."),
  latency_p95: part.describe("Milliseconds, to within 5 %."),
  cost_per_call: money.describe("What calls of models cost, without charges, by their number."),
  ...perDimension,
};

/**
 * Amounts are exact USD, or in the currency that was asked for, as decimal strings; null if there
 * is nothing to divide by.
 */
export const reportFiguresSchema = z
  .object(figures)
  .meta({ id: "ReportFigures", description: "The requested metrics." });

const coverage = z.object({
  calls: z.int().describe("The charged calls of models that the figure is computed from."),
  share: z.number().nullable().describe("Of `calls` of the row, 0 to 1."),
  distinct: z.int().optional().describe("The number of different tasks, sessions, ..."),
  cost_usd: usdSchema.optional().describe("The cost of these calls, and of such charges."),
  cost: displayedSchema.describe("Instead of `cost_usd`, if another currency was asked for."),
});

const drill = z
  .string()
  .nullable()
  .describe(
    "The query of `/api/v1/entries` that lists the calls and charges of the row, those of `released` included; refusals only for `status=refused`. Null for the other groups.",
  );

const row = {
  figures: reportFiguresSchema,
  share: z
    .number()
    .nullable()
    .describe("Of the total of `share_of`, 0 to 1; null if the total is 0."),
  coverage: z
    .record(z.string(), coverage)
    .describe("How many calls have what a figure needs: `latency`, or a dimension such as `task`."),
  drill,
};

const compared = {
  before: reportFiguresSchema
    .nullable()
    .describe("The figures of the earlier range; null if nothing is compared."),
  change: z
    .record(z.string(), z.number().nullable())
    .nullable()
    .describe("By metric: 0.5 is half as much again; null if it was 0 or unknown."),
};

const group = z
  .record(z.string(), z.string())
  .nullable()
  .describe("Null for all other groups together.");

export const reportSchema = z
  .object({
    from: instantSchema,
    to: instantSchema,
    bucket: z.enum(["none", "hour", "day", "week", "month"]),
    time_zone: z.string(),
    by: z.array(z.string()),
    metrics: z.array(z.string()),
    sort: z.string(),
    share_of: z.string().describe("The metric of `share`."),
    cumulative: z.boolean(),
    display: displaySchema
      .optional()
      .describe("The currency of all amounts. Absent: they are in USD."),
    compare: z
      .object({
        from: instantSchema,
        to: instantSchema,
        window: z
          .enum(["equal_length", "calendar", "calendar_to_date"])
          .describe(
            "`equal_length`: the time before, as long. `calendar`: the calendar window before. `calendar_to_date`: its part up to the same time.",
          ),
      })
      .nullable(),
    total: z.object({ ...row, ...compared }),
    rows: z
      .array(z.object({ group, ...row, ...compared }))
      .describe("The first groups, then one row of all others, if there are any."),
    groups_left_out: z.int().describe("How many groups the row of all others has."),
    key_names: z
      .record(z.string(), z.string())
      .describe("Names of keys by their ids, if grouped by `key`."),
    data: z
      .array(
        z.object({
          start: instantSchema,
          end: instantSchema,
          total: z.object(row),
          rows: z.array(z.object({ group, ...row })),
        }),
      )
      .describe("Every bucket of the range, including empty ones."),
  })
  .meta({ id: "Report" });

export const reportQuery = filterSchema({
  metrics: z
    .string()
    .max(500)
    .default("cost,calls,tokens")
    .describe(`Names separated by commas: ${Object.keys(figures).join(", ")}.`),
  by: z
    .string()
    .max(500)
    .optional()
    .describe(
      "Up to three names to group by, separated by commas: `provider`, `model`, `endpoint`, `key`, `status`, a dimension, `tag:NAME`.",
    ),
  bucket: z.enum(["none", "hour", "day", "week", "month"]).default("none"),
  ...rangeQuery,
  ...currencyQuery,
  compare: z
    .enum(["previous", "previous_whole"])
    .optional()
    .describe(
      "`previous`: the time of equal length before, or for a calendar `window` the window before, up to the same time if it is not over. `previous_whole`: all of the window before.",
    ),
  top: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe("How many groups to list; one more row has all others."),
  sort: z
    .string()
    .max(100)
    .optional()
    .describe("A metric, the highest first, or `METRIC:asc`. Default: the first of `metrics`."),
  cumulative: z
    .enum(["true", "false"])
    .default("false")
    .describe("Each bucket has the sums since the start of the range."),
  include: includeSchema,
});

export type ReportJson = Json<typeof reportSchema>;
export type ReportFiguresJson = Json<typeof reportFiguresSchema>;
