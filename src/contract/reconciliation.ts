/** Schemas of reconciliations: a provider's bill, and how it differs from the ledger. */

import { z } from "zod";
import type { Json } from "./json.ts";
import { instantSchema, nameSchema, usdSchema } from "./value.ts";

export const reconciliationInput = z
  .strictObject({
    bill: z
      .union([z.record(z.string(), z.unknown()), z.string()])
      .describe(
        "The answer of OpenAI's costs, Anthropic's cost report or OpenRouter's activity, all pages in one `data`; or OpenRouter's activity as CSV.",
      ),
    provider: nameSchema
      .optional()
      .describe("The name under which the provider is configured; by default that of the bill."),
  })
  .meta({ id: "ReconciliationInput" });

const causes = [
  "rounding",
  "missing_calls",
  "not_billed",
  "unresolved",
  "unpriced",
  "price",
  "calls_or_price",
  "no_model",
] as const;

const sums = {
  billed_usd: usdSchema,
  ours_usd: usdSchema,
  residual_usd: usdSchema.describe("Billed minus ours."),
};

export const reconciliationSchema = z
  .object({
    format: z.enum(["openai", "anthropic", "openrouter"]),
    provider: z.string(),
    from: instantSchema,
    to: instantSchema.describe("Exclusive."),
    total: z.object(sums),
    data: z.array(
      z.object({
        day: z.string().describe("In UTC, as 2026-11-30."),
        model: z.string().nullable().describe("Null if the bill names none."),
        calls: z.int().describe("Charged calls of the ledger."),
        ...sums,
        causes: z
          .array(z.object({ cause: z.enum(causes), amount_usd: usdSchema }))
          .describe("These add up to the residual."),
      }),
    ),
  })
  .meta({ id: "Reconciliation" });

export type ReconciliationJson = Json<typeof reconciliationSchema>;
