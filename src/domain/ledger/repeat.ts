/** Handles a repeated operation id: a retry, a new attempt or a conflict. */

import { PurserError } from "../error.ts";
import type { HoldAnswer, HoldCommand } from "./command.ts";
import type { CallId, Quantities } from "./entry.ts";
import { idOfOperation } from "./operation.ts";
import type { LedgerView } from "./view.ts";

/** 1 for an unknown id. */
export function nextAttempt(books: LedgerView, command: HoldCommand): number {
  if (command.repeat === "new") return 1;
  return (books.past(command.operationId).at(-1)?.attempt ?? 0) + 1;
}

/**
 * @returns The first answer again for a repeat of the same body; undefined if a new attempt must be
 *   decided.
 * @throws PurserError `conflict` if the operation is in flight or in the ledger with another body.
 */
export function answerRepeat(books: LedgerView, command: HoldCommand): HoldAnswer | undefined {
  const open = books.openHold(command.operationId);
  if (open) {
    if (command.repeat === "only" && open.fingerprint === command.fingerprint)
      return again(open, open.amount);
    throw new PurserError(
      "conflict",
      `operation "${idOfOperation(command.operationId)}" is in flight`,
      {
        field: command.repeat === "only" ? "operation_id" : "x-purser-operation-id",
        remedy: "Wait for its answer, or use another id for another operation.",
      },
    );
  }
  if (command.repeat !== "only") return undefined;
  const past = books.past(command.operationId).at(-1);
  if (!past) return undefined;
  if (past.holdFingerprint === command.fingerprint) {
    return again({ operationId: command.operationId, attempt: past.attempt }, past.held);
  }
  throw new PurserError(
    "conflict",
    `operation "${idOfOperation(command.operationId)}" is in the ledger with another body`,
    {
      field: "operation_id",
      remedy: "Use a new id for a new operation; repeat the same body to get the same answer.",
    },
  );
}

function again({ operationId, attempt }: CallId, amount: Quantities): HoldAnswer {
  return {
    admitted: true,
    call: { operationId, attempt },
    repeated: true,
    amount,
    outputTokens: 0,
    affordableOutputTokens: null,
    tightest: null,
    fallback: null,
  };
}
