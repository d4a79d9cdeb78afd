/** The hold that an operation id means to the one who asks. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { CallId, CallRoute, Outcome } from "../../domain/ledger/entry.ts";
import { idOfOperation, operationOf } from "../../domain/ledger/operation.ts";
import type { Principal } from "../caller/principal.ts";
import type { CallRow } from "../port/reader.ts";
import { type HoldDesk, apiEndpoint } from "./desk.ts";

/** A call that is held, or was. */
export interface FoundHold extends CallId {
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Null when it is open. */
  readonly status: Outcome["status"] | "released" | null;
}

/**
 * @param keyId Whose hold it is.
 * @throws PurserError `not_found` for an unknown id, and for a hold of another key.
 */
export async function findHold(desk: HoldDesk, id: string, keyId: string): Promise<FoundHold> {
  const named = await lookUp(desk, operationOf(id, keyId));
  if (named) return named;
  // An id that the gateway made is unique by itself, and has no key in it.
  const made = await lookUp(desk, id);
  if (made?.route.keyId === keyId) return made;
  throw noSuchHold(id);
}

/**
 * For an administrator, who may see every hold.
 *
 * @param administrator Its key; null for a secret that is no key of the ledger.
 * @returns Its own hold, or else the only one that has the id.
 * @throws PurserError `not_found`, or `conflict` where several keys have the id.
 */
export async function findAnyHold(
  desk: HoldDesk,
  id: string,
  administrator: Key | null,
): Promise<FoundHold> {
  const own = await lookUp(desk, operationOf(id, administrator?.keyId ?? null));
  if (own) return own;
  const [held, other] = await holdsWithId(desk, id);
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
  desk: HoldDesk,
  { role, key }: Principal,
  { id, keyId }: { readonly id: string; readonly keyId?: string | undefined },
): Promise<FoundHold> {
  if (role === "admin" || !key)
    return keyId === undefined ? findAnyHold(desk, id, key) : findHold(desk, id, keyId);
  if (keyId === undefined || keyId === key.keyId) return findHold(desk, id, key.keyId);
  throw new PurserError("forbidden", "key_id: a key sees its own holds only", {
    field: "key_id",
    remedy: "Leave key_id out.",
  });
}

async function lookUp(
  { ledger, reader }: HoldDesk,
  operation: string,
): Promise<FoundHold | undefined> {
  const open = await ledger.holdOf(operation);
  if (open) return { ...open, status: null };
  const [row] = await reader.calls({ operation }, { limit: 1, before: null });
  return row && endedHold(row);
}

/** The last attempt of each operation with this id. */
async function holdsWithId(
  { ledger, reader }: HoldDesk,
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

/** The most attempts, over all operations with one id, that are looked at, newest first. */
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

/** A call under way at the gateway is ended by the gateway alone, which knows what the provider was sent. */
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
