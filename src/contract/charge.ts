/** Schemas of items with a price of one's own, and of charges other than model calls. */

import { z } from "zod";
import { dimensions } from "../domain/attribution/attribution.ts";
import { itemIdPattern, itemKinds } from "../domain/price/text/item.ts";
import type { Json, JsonInput } from "./json.ts";
import { problemCodeSchema } from "./problem.ts";
import {
  attributionSchema,
  idSchema,
  instantInput,
  instantSchema,
  nameSchema,
  usdInput,
  usdSchema,
} from "./value.ts";

const itemId = z
  .string()
  .regex(itemIdPattern, "may have lower-case letters, digits and . _ - only");

export const itemParams = z.object({ item_id: itemId });

const kind = z.enum(itemKinds);

export const itemInput = z
  .strictObject({
    item_id: itemId.optional().describe("As in the path, if given."),
    kind,
    unit: nameSchema.describe("What is counted: `call`, `hour`, `gb`."),
    price_usd: usdInput.describe("Of one unit."),
    valid_from: z
      .string()
      .optional()
      .describe(`From when it applies. ${instantInput} By default, from now on.`),
  })
  .meta({ id: "ItemInput" });

const itemPriceSchema = z.object({
  kind,
  unit: z.string(),
  price_usd: usdSchema,
  valid_from: instantSchema.nullable().describe("Null: always, in the configuration."),
  valid_to: instantSchema.nullable(),
  source: z.string().describe("`configuration` or `api`."),
  price_id: z.string().nullable(),
});

export const itemSchema = z
  .object({
    item_id: z.string(),
    provider: z.string().describe("Under which its charges are reported."),
    prices: z.array(itemPriceSchema).describe("In the order in which they were set."),
  })
  .meta({ id: "Item" });

export const itemListSchema = z.object({ data: z.array(itemSchema) });

const shareSchema = z
  .strictObject({
    by: z.enum(dimensions),
    how: z.enum(["even", "cost", "calls", "tokens"]),
    from: z.string().describe("RFC 3339 or a date (UTC), inclusive."),
    to: z.string().describe("RFC 3339 or a date (UTC), exclusive; not in the future."),
  })
  .describe(
    "Records one charge per value of `by` instead, split by what its calls were in this time. " +
      "For administrators; needs a `charge_id`.",
  );

export const chargeRowSchema = z
  .strictObject({
    charge_id: idSchema
      .optional()
      .describe(
        "Identifies the charge: a repeat charges nothing. If absent, an id is derived from the charge, which then needs a `timestamp`.",
      ),
    item_id: itemId,
    kind: kind.optional().describe("Of an item without a price; `other` if absent."),
    quantity: z
      .union([z.string(), z.number()])
      .optional()
      .describe('How much of the item, such as "1.5", at its price. Or give `amount_usd`.'),
    amount_usd: usdInput.optional().describe("The cost, if the item's price does not decide."),
    request_id: idSchema.optional().describe("The operation id of the call that it belongs to."),
    timestamp: z
      .string()
      .optional()
      .describe(`When it was used. ${instantInput} At most 5 years ago; by default, now.`),
    attribution: attributionSchema.optional(),
    share: shareSchema.optional(),
  })
  .meta({ id: "ChargeRow" });

export const mostChargeRows = 1000;

export const chargeBatchSchema = z.strictObject({
  data: z
    .array(
      z
        .union([chargeRowSchema, z.unknown()])
        .describe("A `ChargeRow`. Anything else is answered as `invalid`, row by row."),
    )
    .min(1)
    .max(mostChargeRows),
});

export const chargeInput = z
  // A charge is checked by itself: a union would not name its field.
  .union([chargeBatchSchema, chargeRowSchema, z.looseObject({})])
  .meta({ id: "ChargeInput", description: "One charge, or `data` with several." });

const chargeAnswerRowSchema = z.object({
  index: z.int().describe("The place of the charge in the request, from 0."),
  charge_id: z.string().nullable(),
  status: z
    .enum(["recorded", "repeated", "invalid", "conflict"])
    .describe("`repeated`: it was recorded before. `conflict`: the id was used for another body."),
  cost_usd: usdSchema.nullable().describe("Null if it was not recorded."),
  parts: z
    .array(z.object({ charge_id: z.string(), value: z.string(), cost_usd: usdSchema }))
    .optional()
    .describe("The charges of a shared one, which add up to it."),
  error: z
    .object({
      code: problemCodeSchema,
      detail: z.string(),
      field: z.string().nullable(),
      remedy: z.string().nullable(),
    })
    .optional(),
});

export const chargeAnswerSchema = z
  .object({
    data: z.array(chargeAnswerRowSchema),
    recorded: z.int(),
    repeated: z.int(),
    failed: z.int(),
  })
  .meta({ id: "ChargeAnswer" });

export type ItemJson = Json<typeof itemSchema>;
export type ItemInput = JsonInput<typeof itemInput>;
export type ChargeAnswerJson = Json<typeof chargeAnswerSchema>;
export type ChargeInput = JsonInput<typeof chargeInput>;
