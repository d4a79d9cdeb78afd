/** Schemas of events: a page of them, and the query of pages and streams. */

import { z } from "zod";
import { eventTypes } from "../domain/event/event.ts";
import { dimensionQuery, includeSchema, taggedQuery } from "./filter.ts";
import type { Json } from "./json.ts";
import { instantSchema, nameSchema } from "./value.ts";

export const eventSchema = z
  .object({
    specversion: z.literal("1.0"),
    id: z.string().describe("The same event always has the same id, such as `1042` or `1042.1`."),
    source: z.string(),
    type: z.enum(eventTypes),
    time: instantSchema,
    subject: z.string().describe("The operation, budget, key or model that it is about."),
    datacontenttype: z.literal("application/json"),
    data: z.record(z.string(), z.unknown()).describe("By type: see docs/reference/events.md."),
  })
  .meta({ id: "Event", description: "A CloudEvent (version 1.0)." });

export const eventPageSchema = z.object({
  data: z.array(eventSchema),
  next_after: z
    .string()
    .describe("The `after` of the next page. At the end it stays the same until there is more."),
});

export const eventQuery = taggedQuery({
  ...dimensionQuery,
  type: z
    .string()
    .max(500)
    .optional()
    .describe("Types separated by commas; `*` matches any characters: `budget.*,call.refused`."),
  budget_id: nameSchema.optional(),
  after: z
    .string()
    .max(100)
    .optional()
    .describe("The id of the last event seen; 0 begins with the first. Default: only new events."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .optional()
    .describe("Events on a JSON page: 1 to 500, by default 100."),
  include: includeSchema,
});

export type EventQuery = z.output<typeof eventQuery>;
export type EventJson = Json<typeof eventSchema>;
