/** `/api/v1/keys`: who may call, and on whose account. A secret is shown once, when it is made. */

import { z } from "zod";
import {
  changeKey,
  createKey,
  findKey,
  readKeyUses,
  revokeKey,
} from "../app/manage/manage-keys.ts";
import type { KeyUseRow } from "../app/port/reader.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { keyToJson } from "../domain/key/define.ts";
import type { Key } from "../domain/key/key.ts";
import { formatUsd, zero } from "../domain/money/money.ts";
import { adminOnly, created, ok, route, type Route } from "./route.ts";
import { answer, instantInput, instantSchema, pageSchema, problem, usdSchema } from "./schema.ts";

const roleSchema = z.enum(["caller", "reader", "admin"]);

/** The shape; the rules are the domain's. */
const keyFields = {
  role: roleSchema
    .nullish()
    .describe(
      "`caller` (default) makes calls and holds, `reader` reads figures, `admin` does everything.",
    ),
  attribution: z
    .looseObject({})
    .nullish()
    .describe("Fixed for every call of the key; for a reader, what it may read."),
  may_refine: z
    .array(z.string())
    .nullish()
    .describe("Dimensions that a call may fill in, or `tags`."),
  models: z.array(z.string()).nullish(),
  providers: z.array(z.string()).nullish(),
  budgets: z
    .array(z.string())
    .nullish()
    .describe(
      "Budgets that every call of the key must pass besides those that its attribution selects.",
    ),
  max_concurrent: z.int().nullish(),
  expires_at: z.string().nullish().describe(instantInput),
};

const keyInput = z.looseObject({ name: z.string(), ...keyFields }).meta({ id: "KeyInput" });
const keyChanges = z
  .looseObject({ name: z.string(), ...keyFields })
  .partial()
  .meta({ id: "KeyChanges" });

const keySchema = z
  .object({
    key_id: z.string(),
    name: z.string(),
    hint: z.string().describe("How the secret begins."),
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

const usedKeySchema = keySchema
  .extend({
    calls: z.int().describe("Calls that were charged."),
    spent_usd: usdSchema.describe("All that they cost."),
    last_used_at: instantSchema
      .nullable()
      .describe("The beginning of the hour in which its last call ended or was refused."),
  })
  .meta({ id: "UsedKey" });

const newKeySchema = keySchema
  .extend({ key: z.string().describe("The secret. It is not kept, and cannot be shown again.") })
  .meta({ id: "NewKey" });

const params = z.object({ key_id: z.string().describe("Its id, or its name.") });

export const keyRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/keys",
    access: adminOnly,
    tag: "keys",
    summary: "Make a key; its secret is shown this once",
    body: keyInput,
    responses: {
      201: answer("Made.", newKeySchema),
      400: problem("A field is not valid."),
      409: problem("Another live key has the name."),
    },
    async handler({ body, context }) {
      const { key, secret } = await createKey(context, body);
      return created({ ...keyToJson(key), key: secret });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/keys",
    access: adminOnly,
    tag: "keys",
    summary: "List keys, without their secrets",
    responses: {
      200: answer("All keys, revoked ones too, with what they spent.", pageSchema(usedKeySchema)),
    },
    async handler({ context }) {
      const uses = await readKeyUses(context.reader);
      return ok({
        data: context.ledger.keys().map((key) => usedKeyJson(key, uses.get(key.keyId))),
        next_cursor: null,
      });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/keys/{key_id}",
    access: adminOnly,
    tag: "keys",
    summary: "Look at a key, without its secret",
    params,
    responses: { 200: answer("The key.", keySchema), 404: problem("No such key.") },
    handler({ params: { key_id }, context }) {
      return ok(keyToJson(findKey(context.ledger, key_id)));
    },
  }),
  route({
    method: "patch",
    path: "/api/v1/keys/{key_id}",
    access: adminOnly,
    tag: "keys",
    summary: "Change what a key may do; its secret stays",
    params,
    body: keyChanges,
    responses: {
      200: answer("Changed.", keySchema),
      400: problem("A field is not valid."),
      404: problem("No such key."),
      409: problem("It was revoked, or another live key has the name."),
    },
    async handler({ params: { key_id }, body, context }) {
      return ok(keyToJson(await changeKey(context, key_id, body)));
    },
  }),
  route({
    method: "delete",
    path: "/api/v1/keys/{key_id}",
    access: adminOnly,
    tag: "keys",
    summary:
      "Revoke a key, at once and for ever; its calls under way end, and are charged for what passed",
    params,
    responses: { 200: answer("Revoked.", keySchema), 404: problem("No such key.") },
    async handler({ params: { key_id }, context }) {
      const key = await revokeKey(context, key_id);
      context.endCallsOf(key.keyId);
      return ok(keyToJson(key));
    },
  }),
];

function usedKeyJson(key: Key, use: KeyUseRow | undefined): object {
  return {
    ...keyToJson(key),
    calls: use?.calls ?? 0,
    spent_usd: formatUsd(use?.cost ?? zero),
    last_used_at: use ? formatInstant(use.lastUsedAt) : null,
  };
}
