/** Schemas of the range of time of a report. */

import { z } from "zod";

/** In addition to the `from` and `to` of the filters. */
export const rangeQuery = {
  time_zone: z.string().max(100).default("UTC").describe("IANA time zone name."),
  last: z.string().max(20).optional().describe("Until now: `24h`, `7d`, `4w`, `3m`."),
  window: z
    .enum(["today", "yesterday", "this_week", "last_week", "this_month", "last_month"])
    .optional()
    .describe("A calendar window in the time zone; weeks begin on Monday."),
};
