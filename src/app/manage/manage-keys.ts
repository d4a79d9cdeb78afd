/** Creates, changes, finds and revokes keys. */

import { randomUUID } from "node:crypto";
import { PurserError } from "../../domain/error.ts";
import { defineKey, keyToJson, keyFields, type KeyDefinition } from "../../domain/key/define.ts";
import { isLive, type Key } from "../../domain/key/key.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { KeyUseRow, LedgerReader } from "../port/reader.ts";
import { makeSecret } from "../caller/secret.ts";

export interface KeyContext {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export interface CreatedKey {
  readonly key: Key;
  readonly secret: string;
}

/**
 * @returns The secret too; it is stored nowhere and cannot be shown again.
 * @throws PurserError `invalid_request` naming the field, `conflict` if another live key has the
 *   name.
 */
export async function createKey(
  { ledger, clock }: KeyContext,
  input: unknown,
): Promise<CreatedKey> {
  const at = clock.now();
  const definition = defineKey(input, {
    now: at,
    hasBudget: (budgetId) => ledger.budget(budgetId) !== undefined,
  });
  checkName(ledger, definition.name, { at, keyId: null });
  return putNewKey(ledger, definition, at);
}

/** Adds a key with a new id and a new secret. @param at Its time of creation. */
export async function putNewKey(
  ledger: Ledger,
  definition: KeyDefinition,
  at: number,
): Promise<CreatedKey> {
  const { secret, hash, hint } = makeSecret();
  const key = { ...definition, keyId: newKeyId(), hash, hint, createdAt: at, revokedAt: null };
  await ledger.commit({ kind: "put_key", at, key });
  return { key, secret };
}

export function newKeyId(): string {
  return `key_${randomUUID()}`;
}

/**
 * Merges `changes` into a key; null resets a field to its default. The secret stays the same.
 *
 * @throws PurserError `not_found`, `invalid_request`, or `conflict` for a revoked key, which cannot
 *   change, or if another live key has the name.
 */
export async function changeKey(
  context: KeyContext,
  keyId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<Key> {
  const { ledger, clock } = context;
  const old = findKey(ledger, keyId);
  if (old.revokedAt !== null) {
    throw new PurserError("conflict", `key "${keyId}" was revoked`, {
      field: "key_id",
      remedy: "Make a new key.",
    });
  }
  const at = clock.now();
  const known: readonly string[] = keyFields;
  const fields = Object.fromEntries(
    Object.entries(keyToJson(old)).filter(([name]) => known.includes(name)),
  );
  const keepsExpiry = changes["expires_at"] === undefined;
  if (keepsExpiry) delete fields["expires_at"];
  const definition = defineKey(
    { ...fields, ...changes },
    { now: at, hasBudget: (budgetId) => ledger.budget(budgetId) !== undefined },
  );
  checkName(ledger, definition.name, { at, keyId: old.keyId });
  const key = {
    ...old,
    ...definition,
    expiresAt: keepsExpiry ? old.expiresAt : definition.expiresAt,
  };
  const answer = await ledger.commit({ kind: "put_key", at, key });
  return answer.key;
}

export interface RevokeContext extends KeyContext {
  /** Ends the calls in flight of a key, each charged for the output received. */
  endCallsOf(keyId: string): void;
}

/**
 * Revokes the key at once and ends its calls in flight. Revoking it again changes nothing.
 *
 * @throws PurserError `not_found`.
 */
export async function revokeKey(context: RevokeContext, keyId: string): Promise<Key> {
  const key = findKey(context.ledger, keyId);
  if (key.revokedAt !== null) return key;
  const at = context.clock.now();
  const revoked = { ...key, revokedAt: at };
  const answer = await context.ledger.commit({ kind: "put_key", at, key: revoked });
  context.endCallsOf(key.keyId);
  return answer.key;
}

/**
 * @param idOrName For a name, a live key takes precedence over a revoked one.
 * @throws PurserError `not_found`, or `conflict` for a name that several keys have.
 */
export function findKey(ledger: Ledger, idOrName: string): Key {
  const keys = ledger.keys();
  const byId = keys.find(({ keyId }) => keyId === idOrName);
  if (byId) return byId;
  const named = keys.filter(({ name }) => name === idOrName);
  const live = named.filter(({ revokedAt }) => revokedAt === null);
  const [key, ...others] = live.length > 0 ? live : named;
  if (!key)
    throw new PurserError("not_found", `no key "${idOrName}"`, {
      field: "key_id",
      remedy: "List keys to see their ids and names.",
    });
  if (others.length === 0) return key;
  throw new PurserError(
    "conflict",
    `several keys are named "${idOrName}": ${[key, ...others].map(({ keyId }) => keyId).join(", ")}`,
    {
      field: "key_id",
      remedy: "Use the id of the key instead.",
    },
  );
}

/** @returns The usage of each key by its id; keys that were never used are absent. */
export async function readKeyUses(reader: LedgerReader): Promise<ReadonlyMap<string, KeyUseRow>> {
  const uses = await reader.keyUses();
  return new Map(uses.map((use) => [use.keyId, use]));
}

/**
 * People identify keys by name: two with the same name would be indistinguishable in a report and
 * ambiguous to revoke.
 */
function checkName(
  ledger: Ledger,
  name: string,
  { at, keyId }: { readonly at: number; readonly keyId: string | null },
): void {
  const other = ledger
    .keys()
    .find((key) => key.name === name && key.keyId !== keyId && isLive(key, at));
  if (!other) return;
  throw new PurserError("conflict", `name: "${name}" is the name of key ${other.keyId}`, {
    field: "name",
    remedy: "Choose another name, or revoke that key first.",
  });
}
