/**
 * Records money that was spent without a hold of its own: a hold of nothing, or of what the hold of
 * its call included for it, and its settlement, in one decision.
 */

import { assert } from "../assert.ts";
import { PurserError } from "../error.ts";
import type { Applied } from "./applicable.ts";
import type { RecordCommand, SettleAnswer } from "./command.ts";
import type { Decided } from "./decided.ts";
import { answerAgain, settle } from "./decide-settle.ts";
import {
  nothing,
  subtractQuantities,
  type HoldEntry,
  type Quantities,
  type TopUpEntry,
} from "./entry.ts";
import type { Hold } from "./hold.ts";
import { idOfOperation } from "./operation.ts";
import { isWithin } from "./recount.ts";
import { checkReported } from "./self-reported.ts";
import type { LedgerView } from "./view.ts";

/**
 * Charges every budget that applies and whose current window includes the time of the charge.
 *
 * @throws PurserError `conflict` if the operation is in flight or in the ledger with another body,
 *   `forbidden` for a self-reported cost above what a hard budget has left, and for one that was
 *   held with a call, of a budget that applies to the charge alone.
 */
export function decideRecord(books: LedgerView, command: RecordCommand): Decided<SettleAnswer> {
  const { at, startedAt, operationId, attribution, route, outcome, fingerprint } = command;
  assert(startedAt <= at, "money is recorded after it was spent");
  const cover = coverOf(books, command);
  const takenOver = cover ? [lessHeld(cover, { at, cost: outcome.cost })] : [];
  const repeat = answerRepeat(books, command);
  if (repeat) return { ...repeat, entries: [...takenOver, ...repeat.entries] };

  const applied = books.applied(command, at).filter((one) => counts(one, startedAt));
  if (command.selfReported || cover) {
    const uncovered = applied.filter(({ counter }) => cover?.counters.includes(counter) !== true);
    checkReported(uncovered, { held: null, cost: outcome.cost });
  }
  const held = cover ? outcome.cost : nothing;
  const counters = applied.map(({ counter }) => counter);
  const call = { operationId, attempt: 1 };
  const hold: HoldEntry = {
    kind: "hold",
    at: startedAt,
    ...call,
    attribution,
    route,
    amount: held,
    counters: counters.map(({ key }) => key),
    expiresAt: null,
    fingerprint,
    recordedAt: at,
  };
  const { answer, entries } = settle(
    books,
    { ...call, at: startedAt, outcome, fingerprint },
    { counters, held, late: false, crossedAt: at },
  );
  return { answer, entries: [...takenOver, hold, ...entries] };
}

/** Undefined if the hold has ended: the charge is then one like any other. */
function coverOf(books: LedgerView, { coveredBy }: RecordCommand): Hold | undefined {
  const hold = coveredBy && books.openHold(coveredBy.operationId);
  return hold?.attempt === coveredBy?.attempt ? hold : undefined;
}

function lessHeld(
  { operationId, attempt }: Hold,
  { at, cost }: { readonly at: number; readonly cost: Quantities },
): TopUpEntry {
  const amount = subtractQuantities(nothing, cost);
  return { kind: "top_up", at, operationId, attempt, amount };
}

/** Whether the budget's current window includes the time. */
function counts({ counter, closed }: Applied, at: number): boolean {
  const { windowStart: start, windowEnd: end } = counter.key;
  return !closed && isWithin({ start, end }, at);
}

function answerRepeat(
  books: LedgerView,
  { operationId, fingerprint }: RecordCommand,
): Decided<SettleAnswer> | undefined {
  const past = books.past(operationId);
  const same = past.find(({ holdFingerprint }) => holdFingerprint === fingerprint);
  if (same) return answerAgain(books, same);
  const isOpen = books.openHold(operationId) !== undefined;
  if (!isOpen && past.length === 0) return undefined;
  const what = isOpen ? "in flight" : "in the ledger with another body";
  throw new PurserError("conflict", `operation "${idOfOperation(operationId)}" is ${what}`, {
    field: "operation_id",
    remedy: "Use a new id for a new operation; repeat the same body to get the same answer.",
  });
}
