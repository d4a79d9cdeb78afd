/** Making, changing and revoking keys. */

import { randomUUID } from "node:crypto";
import { PurserError } from "../domain/error.ts";
import { defineKey, keyToJson, keyFields } from "../domain/key/define.ts";
import type { Key } from "../domain/key/key.ts";
import type { Clock, Ledger } from "./ports.ts";
import { makeSecret } from "./secret.ts";

export interface KeyOffice {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** @returns The secret too: it is kept nowhere, and this is the only time it is seen. */
export async function createKey({ ledger, clock }: KeyOffice, input: unknown): Promise<{ readonly key: Key; readonly secret: string }> {
  const at = clock.now();
  const definition = defineKey(input, { now: at, hasBudget: (budgetId) => ledger.budget(budgetId) !== undefined });
  const { secret, hash, hint } = makeSecret();
  const key: Key = { ...definition, keyId: `key_${randomUUID()}`, hash, hint, createdAt: at, revokedAt: null };
  await ledger.commit({ kind: "put_key", at, key });
  return { key, secret };
}

/**
 * Lays `changes` over a key; null takes a field back to its default. Its secret stays.
 *
 * @throws PurserError `not_found`, `invalid_request`, or `conflict` for a revoked key, which stays as it was.
 */
export async function changeKey(office: KeyOffice, keyId: string, changes: Readonly<Record<string, unknown>>): Promise<Key> {
  const { ledger, clock } = office;
  const old = findKey(ledger, keyId);
  if (old.revokedAt !== null) {
    throw new PurserError("conflict", `key "${keyId}" was revoked`, { field: "key_id", remedy: "Make a new key." });
  }
  const at = clock.now();
  const known: readonly string[] = keyFields;
  const fields = Object.fromEntries(Object.entries(keyToJson(old)).filter(([name]) => known.includes(name)));
  const keepsExpiry = changes["expires_at"] === undefined;
  if (keepsExpiry) delete fields["expires_at"];
  const definition = defineKey({ ...fields, ...changes }, { now: at, hasBudget: (budgetId) => ledger.budget(budgetId) !== undefined });
  const key = { ...old, ...definition, expiresAt: keepsExpiry ? old.expiresAt : definition.expiresAt };
  const answer = await ledger.commit({ kind: "put_key", at, key });
  return answer.key;
}

/** From now on the key opens nothing. Revoking it again changes nothing. @throws PurserError `not_found`. */
export async function revokeKey({ ledger, clock }: KeyOffice, keyId: string): Promise<Key> {
  const key = findKey(ledger, keyId);
  if (key.revokedAt !== null) return key;
  const at = clock.now();
  const answer = await ledger.commit({ kind: "put_key", at, key: { ...key, revokedAt: at } });
  return answer.key;
}

/** @throws PurserError `not_found`. */
export function findKey(ledger: Ledger, keyId: string): Key {
  const key = ledger.keys().find((other) => other.keyId === keyId);
  if (key) return key;
  throw new PurserError("not_found", `no key "${keyId}"`, { field: "key_id", remedy: "List keys to see their ids." });
}
