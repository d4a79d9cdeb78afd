/** Schemas of epochs. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { attributionSchema, instantSchema, nameSchema } from "./value.ts";

export const epochInput = z
  .strictObject({
    name: nameSchema.optional(),
    attribution: attributionSchema
      .optional()
      .describe("Whose figures restart from zero. Without it, those of all calls."),
    note: nameSchema.optional().describe("Why, for the journal."),
  })
  .meta({ id: "EpochInput" });

export const epochSchema = z
  .object({
    epoch_id: z.string(),
    name: z.string().nullable(),
    attribution: attributionSchema,
    started_at: instantSchema,
    by: z.string().nullable().describe("The id of the key, or `admin`; null for readers."),
    note: z.string().nullable().describe("Null for readers, and if none was given."),
  })
  .meta({ id: "Epoch" });

export const epochsSchema = z.object({ data: z.array(epochSchema).describe("The oldest first.") });

export type EpochJson = Json<typeof epochSchema>;
export type EpochsJson = Json<typeof epochsSchema>;
