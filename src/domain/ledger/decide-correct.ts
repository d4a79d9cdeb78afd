/**
 * Lets an administrator correct a charge: the difference is booked; the old charge stays in the
 * journal.
 */

import { PurserError } from "../error.ts";
import type { CorrectCommand, SettleAnswer } from "./command.ts";
import type { Decided } from "./decided.ts";
import { answerAgain, correct } from "./decide-settle.ts";
import { idOfOperation } from "./operation.ts";
import type { LedgerView } from "./view.ts";

/**
 * Corrects any ended call, however it ended and whatever was charged.
 *
 * @throws PurserError `not_found` for an unknown call, `conflict` for one in flight.
 */
export function decideCorrect(books: LedgerView, command: CorrectCommand): Decided<SettleAnswer> {
  const { operationId, attempt, amount, fingerprint, reason } = command;
  if (books.openHold(operationId)?.attempt === attempt) throw underWay(operationId);
  const past = books.past(operationId).find((other) => other.attempt === attempt);
  if (!past) {
    throw new PurserError("not_found", `no call "${idOfOperation(operationId)}"`, {
      field: "operation_id",
      remedy: "Check the id.",
    });
  }
  if (past.settleFingerprint === fingerprint) return answerAgain(books, past);
  // Token counts do not change. A released call had none and now counts as one request.
  const { tokens, requests } = past.cost;
  const cost = { usd: amount, tokens, requests: requests === 0n ? 1n : requests };
  return correct(books, { ...command, outcome: { ...command.outcome, cost } }, { past, reason });
}

function underWay(operationId: string): PurserError {
  return new PurserError("conflict", `operation "${idOfOperation(operationId)}" is in flight`, {
    field: "operation_id",
    remedy: "Correct it when it has ended; a hold over the API is settled or released.",
  });
}
