/** Serves `/api/v1/keys`: who may call, and for whom. A secret is shown once, on creation. */

import {
  changeKey,
  createKey,
  findKey,
  readKeyUses,
  revokeKey,
} from "../app/manage/manage-keys.ts";
import type { KeyUseRow } from "../app/port/reader.ts";
import {
  keyChanges,
  keyInput,
  keyPageSchema,
  keyParams,
  keySchema,
  newKeySchema,
  type UsedKeyJson,
} from "../contract/key.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { keyToJson } from "../domain/key/define.ts";
import type { Key } from "../domain/key/key.ts";
import { formatUsd, zero } from "../domain/money/money.ts";
import { adminOnly, answer, created, ok, problem, route, type Route } from "./route.ts";

export const keyRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/keys",
    access: adminOnly,
    tag: "keys",
    summary: "Create a key; its secret is shown only once",
    body: keyInput,
    responses: {
      201: answer("Created.", newKeySchema),
      400: problem("A field is invalid."),
      409: problem("Another live key has this name."),
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
      200: answer("All keys, including revoked ones, with their spend.", keyPageSchema),
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
    summary: "Get a key, without its secret",
    params: keyParams,
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
    summary: "Change a key; its secret stays the same",
    params: keyParams,
    body: keyChanges,
    responses: {
      200: answer("Changed.", keySchema),
      400: problem("A field is invalid."),
      404: problem("No such key."),
      409: problem("The key was revoked, or another live key has this name."),
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
      "Revoke a key permanently; its calls in flight end and are charged for the output received",
    params: keyParams,
    responses: { 200: answer("Revoked.", keySchema), 404: problem("No such key.") },
    async handler({ params: { key_id }, context }) {
      return ok(keyToJson(await revokeKey(context, key_id)));
    },
  }),
];

function usedKeyJson(key: Key, use: KeyUseRow | undefined): UsedKeyJson {
  return {
    ...keyToJson(key),
    calls: use?.calls ?? 0,
    spent_usd: formatUsd(use?.cost ?? zero),
    last_used_at: use ? formatInstant(use.lastUsedAt) : null,
  };
}
