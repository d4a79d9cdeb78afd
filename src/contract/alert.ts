/** Schemas of alerts: crossed thresholds of budgets. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { pageQuery, pageSchema } from "./page.ts";
import { decimalSchema, instantSchema, nameSchema, windowSchema } from "./value.ts";

export const alertSchema = z
  .object({
    at: instantSchema,
    budget_id: z.string(),
    value: z.string().describe("The value whose counter crossed the threshold."),
    threshold: z.number().describe("A share of the amount."),
    currency: z.enum(["USD", "tokens", "requests"]),
    spent: decimalSchema,
    limit: decimalSchema,
    window: windowSchema,
  })
  .meta({ id: "Alert" });

export const alertPageSchema = pageSchema(alertSchema);
export const alertQuery = z.strictObject({ ...pageQuery, budget_id: nameSchema.optional() });

export type AlertJson = Json<typeof alertSchema>;
