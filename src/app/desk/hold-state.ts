/** Reads what is held for a call made over the API, or what it was charged. */

import type { Quantities } from "../../domain/ledger/entry.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { DeskContext } from "./desk-context.ts";
import type { FoundHold } from "./find-hold.ts";

/** Times are in milliseconds since the epoch. */
export interface HoldState {
  /** Null if the hold has ended. */
  readonly held: Quantities | null;
  readonly expiresAt: number | null;
  /** Null if the hold is open. */
  readonly cost: PicoUsd | null;
}

type State = Pick<DeskContext, "ledger" | "reader" | "clock">;

export async function readHoldState(
  { ledger, reader }: State,
  hold: FoundHold,
): Promise<HoldState> {
  const open = await ledger.holdOf(hold.operationId);
  if (open) return { held: open.amount, expiresAt: open.expiresAt, cost: null };
  const [row] = await reader.calls({ operation: hold.operationId }, { limit: 1, before: null });
  return { held: null, expiresAt: null, cost: row?.cost ?? null };
}

/** When a hold expires, or would have: a repeated request may be for a hold that has ended. */
export async function readExpiry(
  { ledger, reader, clock }: State,
  operation: string,
  ttlSeconds: number,
): Promise<number> {
  const open = await ledger.holdOf(operation);
  if (open?.expiresAt) return open.expiresAt;
  const [row] = await reader.calls({ operation }, { limit: 1, before: null });
  return (row?.startedAt ?? clock.now()) + ttlSeconds * 1000;
}
