/** Schemas of the queries of exports. */

import { z } from "zod";
import { focusVersions } from "../domain/focus/focus-columns.ts";
import { filterSchema, includeSchema } from "./filter.ts";

export const exportRows = [
  "calls",
  "tasks",
  "attributions",
  "token_usage",
  "cost_entries",
  "requests",
] as const;
export type ExportRows = (typeof exportRows)[number];

/** The columns depend on `rows`. */
export const exportedRows = z
  .object({ data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))) })
  .meta({ id: "ExportedRows" });

const common = { include: includeSchema };

export const rowsQuery = filterSchema({
  ...common,
  rows: z
    .enum(exportRows)
    .default("calls")
    .describe(
      "`calls` has a row for each call, those first that were recorded last; `tasks` and `attributions` have sums, the most expensive first. " +
        "`token_usage`, `cost_entries` and `requests` have calls in the shapes of other cost trackers.",
    ),
});

export const workbookQuery = filterSchema(common);

export const reportQuery = filterSchema({
  ...common,
  time_zone: z.string().max(100).default("UTC").describe("IANA time zone name."),
});

export const focusQuery = filterSchema({
  ...common,
  version: z.enum(focusVersions).default("1.4").describe("The version of FOCUS."),
  period: z.enum(["day", "hour"]).default("day").describe("The length of a charge period, in UTC."),
  billed_cost: z
    .enum(["reported", "computed"])
    .default("reported")
    .describe(
      "`reported`: BilledCost has only what a provider reported as billed, and 0 for a computed cost, as FOCUS asks. `computed`: it has our figure, too.",
    ),
});
