/** Schemas of the currency in which amounts are shown. */

import { z } from "zod";
import { decimalSchema } from "./value.ts";

export const currencyQuery = {
  currency: z
    .string()
    .max(20)
    .optional()
    .describe(
      "A code of ISO 4217, such as EUR: shows amounts at the dated rates of the configuration, too.",
    ),
};

export const displaySchema = z
  .object({
    currency: z.string(),
    rates: z
      .array(
        z.object({
          from: z.string().describe("The first day (UTC)."),
          units_per_usd: decimalSchema.optional(),
          usd_per_unit: decimalSchema.optional(),
        }),
      )
      .describe("The rates that were used, as configured."),
  })
  .meta({ id: "DisplayCurrency", description: "The currency that was asked for, and its rates." });

/** An amount in the currency that was asked for; absent if none was. */
export const displayedSchema = decimalSchema
  .optional()
  .describe("In the `currency` that was asked for, to 12 decimals; absent otherwise.");
