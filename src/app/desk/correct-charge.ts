/** Corrects the charge of a call that has ended. */

import { PurserError } from "../../domain/error.ts";
import type { CorrectCommand, SettleAnswer } from "../../domain/ledger/command.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import { fingerprint } from "./fingerprint.ts";
import { announceChange, type Audience } from "../hold/announce.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallRow, LedgerReader } from "../port/reader.ts";

export interface CorrectionContext extends Audience {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly clock: Clock;
}

export interface CorrectionRequest {
  readonly operationId: string;
  /** If absent, there must be only one attempt. */
  readonly attempt?: number | undefined;
  /** The owner; if absent, only one key may have used this id. */
  readonly keyId?: string | undefined;
  readonly amount: PicoUsd;
  readonly reason: string;
}

/** A corrected charge, now or by an earlier repeat of the request. */
export interface Corrected {
  readonly call: CallRow;
  readonly answer: SettleAnswer;
}

/** The most attempts with one id that are searched. */
const mostAttempts = 1000;

/**
 * Charges `amount` instead of the previous charge. Tokens and flags stay as reported. A repeat of
 * the same correction has no effect.
 *
 * @throws PurserError `not_found` for an unknown call, `conflict` for one in flight, or for an id
 *   of several calls.
 */
export async function correctCharge(
  context: CorrectionContext,
  request: CorrectionRequest,
): Promise<Corrected> {
  const call = await findCall(context, request);
  const { amount, reason } = request;
  const answer = await context.ledger.commit({
    kind: "correct",
    at: context.clock.now(),
    operationId: call.operationId,
    attempt: call.attempt,
    amount,
    outcome: correctedOutcome(call, amount),
    reason,
    fingerprint: fingerprint({ correct: { amount, reason } }),
  });
  announceChange(context, answer.crossed);
  return { call, answer };
}

function correctedOutcome(
  { model, usage, reportedCost, rawUsage, flags, latencyMs, priceVersion }: CallRow,
  amount: PicoUsd,
): CorrectCommand["outcome"] {
  return {
    status: "settled",
    model,
    usage,
    charges: [{ model, meter: "correction", quantity: 1, cost: amount }],
    reportedCost,
    rawUsage,
    flags,
    latencyMs,
    priceVersion,
  };
}

async function findCall(
  { ledger, reader }: Pick<CorrectionContext, "ledger" | "reader">,
  { operationId, attempt, keyId }: CorrectionRequest,
): Promise<CallRow> {
  const rows = await reader.calls({ operationId }, { limit: mostAttempts, before: null });
  const meant = rows.filter(
    (row) =>
      (keyId === undefined || row.route.keyId === keyId) &&
      (attempt === undefined || row.attempt === attempt),
  );
  const [call, other] = meant;
  if (call && !other) return call;
  if (!call)
    throw (await ledger.openHolds()).some((hold) => idOfOperation(hold.operationId) === operationId)
      ? underWay(operationId)
      : unknown(operationId);
  const field = new Set(meant.map((row) => row.operationId)).size > 1 ? "key_id" : "attempt";
  throw new PurserError("conflict", `"${operationId}" names ${meant.length} calls`, {
    field,
    remedy:
      field === "attempt"
        ? `Give attempt: 1 to ${Math.max(...meant.map((row) => row.attempt))}.`
        : "Give key_id as well: GET /api/v1/entries lists it.",
  });
}

function underWay(operationId: string): PurserError {
  return new PurserError("conflict", `operation "${operationId}" is under way`, {
    field: "operation_id",
    remedy: "Correct it when it has ended.",
  });
}

function unknown(operationId: string): PurserError {
  return new PurserError("not_found", `no call "${operationId}"`, {
    field: "operation_id",
    remedy:
      "Check the id: the answer to the call has it in x-purser-operation-id, and GET /api/v1/entries lists it.",
  });
}
