/** Schemas of scheduled exports. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { instantSchema } from "./value.ts";

const period = {
  from: instantSchema.describe("The start of the period."),
  to: instantSchema.describe("Its end, exclusive."),
};

const runSchema = z.object({
  ...period,
  file: z.string(),
  at: instantSchema.describe("When the run ended."),
  attempt: z.int().describe("1 for the first attempt of the period."),
  bytes: z.int().describe("0 if no file was made."),
  error: z.string().nullable().describe("Why no file was made; null if it was."),
});

export const exportScheduleSchema = z
  .object({
    name: z.string(),
    format: z.string(),
    every: z.string().describe("`day`, `week` or `month`."),
    time_zone: z.string(),
    at: z.string().describe("The time of day at which the file is made, after the period."),
    to: z.object({
      kind: z.string().describe("`folder` or `webhook`."),
      place: z.string().describe("The folder, or the host of the webhook."),
    }),
    last_run: runSchema.nullable().describe("Null before the first."),
    last_done: runSchema.nullable().describe("The last run that made a file."),
    next_run: z
      .object({ ...period, at: instantSchema })
      .describe("The next file. A time that has passed means that it is being made."),
  })
  .meta({ id: "ExportSchedule" });

export const exportSchedulesSchema = z.object({
  data: z.array(exportScheduleSchema).describe("In the order of the configuration."),
});

export type ExportScheduleJson = Json<typeof exportScheduleSchema>;
export type ExportSchedulesJson = Json<typeof exportSchedulesSchema>;
