/** Finds the hold that an operation id refers to, for a key or an administrator. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { CallId, CallRoute, Outcome } from "../../domain/ledger/entry.ts";
import { idOfOperation, operationOf } from "../../domain/ledger/operation.ts";
import type { Principal } from "../caller/principal.ts";
import type { CallRow } from "../port/reader.ts";
import { type DeskContext, apiEndpoint } from "./desk-context.ts";

/** A hold, open or ended. */
export interface FoundHold extends CallId {
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Null if it is open. */
  readonly status: Outcome["status"] | "released" | null;
}

/**
 * @param keyId The owner of the hold.
 * @throws PurserError `not_found` for an unknown id, and for a hold of another key.
 */
export async function findHold(
  context: DeskContext,
  id: string,
  keyId: string,
): Promise<FoundHold> {
  const named = await lookUp(context, operationOf(id, keyId));
  if (named) return named;
  // An id generated at the gateway is unique, and does not contain a key.
  const made = await lookUp(context, id);
  if (made?.route.keyId === keyId) return made;
  throw noSuchHold(id);
}

/**
 * Finds a hold of any key.
 *
 * @param administrator Its key; null for a secret that is not a key of the ledger.
 * @returns Its own hold, or else the only one with the id.
 * @throws PurserError `not_found`, or `conflict` if several keys used the id.
 */
export async function findAnyHold(
  context: DeskContext,
  id: string,
  administrator: Key | null,
): Promise<FoundHold> {
  const own = await lookUp(context, operationOf(id, administrator?.keyId ?? null));
  if (own) return own;
  const [held, other] = await holdsWithId(context, id);
  if (!held) throw noSuchHold(id);
  if (!other) return held;
  throw new PurserError("conflict", `several keys have an operation "${id}"`, {
    field: "key_id",
    remedy:
      "Add ?key_id=KEY to say whose is meant; the entries of the operation have the ids of the keys.",
  });
}

/**
 * The hold that an id names for a caller: an administrator sees every hold, another key its own.
 *
 * @param options.keyId Whose hold it is, if the caller says so.
 * @throws PurserError `forbidden` if a caller names another key, and as {@link findHold} and
 *   {@link findAnyHold} do.
 */
export function findVisibleHold(
  context: DeskContext,
  { role, key }: Principal,
  { id, keyId }: { readonly id: string; readonly keyId?: string | undefined },
): Promise<FoundHold> {
  if (role === "admin" || !key)
    return keyId === undefined ? findAnyHold(context, id, key) : findHold(context, id, keyId);
  if (keyId === undefined || keyId === key.keyId) return findHold(context, id, key.keyId);
  throw new PurserError("forbidden", "key_id: a key sees its own holds only", {
    field: "key_id",
    remedy: "Leave key_id out.",
  });
}

async function lookUp(
  { ledger, reader }: DeskContext,
  operation: string,
): Promise<FoundHold | undefined> {
  const open = await ledger.holdOf(operation);
  if (open) return { ...open, status: null };
  const [row] = await reader.calls({ operation }, { limit: 1, before: null });
  return row && endedHold(row);
}

/** The last attempt of each operation with this id. */
async function holdsWithId(
  { ledger, reader }: DeskContext,
  id: string,
): Promise<readonly FoundHold[]> {
  const holds = await ledger.openHolds();
  const open = holds.filter(({ operationId }) => idOfOperation(operationId) === id);
  const ended = await reader.calls({ operationId: id }, { limit: mostAttempts, before: null });
  const held = [
    ...open.map((hold): FoundHold => ({ ...hold, status: null })),
    ...ended.map(endedHold),
  ];
  return [...Map.groupBy(held, ({ operationId }) => operationId).values()].flatMap(
    ([last]) => last ?? [],
  );
}

/** The most attempts, over all operations with one id, that are read, newest first. */
const mostAttempts = 1000;

function endedHold({
  operationId,
  attempt,
  startedAt,
  attribution,
  route,
  status,
}: CallRow): FoundHold {
  return { operationId, attempt, at: startedAt, attribution, route, status };
}

function noSuchHold(id: string): PurserError {
  return new PurserError("not_found", `no hold "${id}"`, {
    field: "operation_id",
    remedy: "Check the id, and the key that you use.",
  });
}

/** Only the gateway ends a call in flight there, because it knows what the provider was sent. */
export function refuseGatewayCall(hold: FoundHold): void {
  if (hold.status !== null || hold.route.endpoint === apiEndpoint) return;
  throw new PurserError(
    "conflict",
    `operation "${idOfOperation(hold.operationId)}" is a call under way at the gateway`,
    {
      field: "operation_id",
      remedy: "Wait for its end.",
    },
  );
}
