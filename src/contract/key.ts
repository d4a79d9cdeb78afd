/** Schemas of keys: who may call, what, and for whom. */

import { z } from "zod";
import type { Json, JsonInput } from "./json.ts";
import { pageSchema } from "./page.ts";
import { instantInput, instantSchema, usdSchema } from "./value.ts";

const roleSchema = z.enum(["caller", "reader", "admin"]);

/** Only the shape: the domain checks the rules. */
const keyFields = {
  role: roleSchema
    .nullish()
    .describe(
      "`caller` (default) makes calls and holds, `reader` reads figures, `admin` does everything.",
    ),
  attribution: z
    .looseObject({})
    .nullish()
    .describe("Fixed for every call of the key; for a reader, the calls it may read."),
  may_refine: z.array(z.string()).nullish().describe("Dimensions that a call may set, or `tags`."),
  models: z.array(z.string()).nullish(),
  providers: z.array(z.string()).nullish(),
  budgets: z
    .array(z.string())
    .nullish()
    .describe(
      "Budgets that every call of the key must pass, in addition to those that its attribution selects.",
    ),
  max_concurrent: z.int().nullish(),
  expires_at: z.string().nullish().describe(instantInput),
};

export const keyInput = z.looseObject({ name: z.string(), ...keyFields }).meta({ id: "KeyInput" });
export const keyChanges = z
  .looseObject({ name: z.string(), ...keyFields })
  .partial()
  .meta({ id: "KeyChanges" });

export const keySchema = z
  .object({
    key_id: z.string(),
    name: z.string(),
    hint: z.string().describe("The start of the secret."),
    role: roleSchema,
    attribution: z.record(z.string(), z.unknown()),
    may_refine: z.array(z.string()),
    models: z.array(z.string()).nullable(),
    providers: z.array(z.string()).nullable(),
    budgets: z.array(z.string()),
    max_concurrent: z.int().nullable(),
    created_at: instantSchema,
    expires_at: instantSchema.nullable(),
    revoked_at: instantSchema.nullable(),
  })
  .meta({ id: "Key" });

export const usedKeySchema = keySchema
  .extend({
    calls: z.int().describe("Charged calls of models."),
    spent_usd: usdSchema.describe("Total cost of these calls, and of the key's charges."),
    last_used_at: instantSchema
      .nullable()
      .describe("Start of the hour in which its last call ended or was refused."),
  })
  .meta({ id: "UsedKey" });

export const newKeySchema = keySchema
  .extend({ key: z.string().describe("The secret. It is not stored and cannot be shown again.") })
  .meta({ id: "NewKey" });

export const keyParams = z.object({ key_id: z.string().describe("Id or name of the key.") });

export const keyPageSchema = pageSchema(usedKeySchema);

export type KeyJson = Json<typeof keySchema>;
export type UsedKeyJson = Json<typeof usedKeySchema>;
export type NewKeyJson = Json<typeof newKeySchema>;
export type KeyInput = JsonInput<typeof keyInput>;
export type KeyChanges = JsonInput<typeof keyChanges>;
