/** Settles a hold: replaces it with the actual cost of the call, exactly once. */

import { PurserError } from "../error.ts";
import type { SettleAnswer, SettleCommand } from "./command.ts";
import { amountIn, limitOf, type Counter } from "./counter.ts";
import { countersNow, type Moved } from "./counters-now.ts";
import { crossings } from "./crossing.ts";
import { tightestAfter } from "./decide-hold.ts";
import { budgetsOf } from "./decide-top-up.ts";
import type { Decided } from "./decided.ts";
import {
  nothing,
  subtractQuantities,
  type Entry,
  type Quantities,
  type ThresholdEntry,
} from "./entry.ts";
import { idOfOperation } from "./operation.ts";
import type { PastAttempt } from "./past.ts";
import { checkReported } from "./self-reported.ts";
import type { LedgerView } from "./view.ts";

/**
 * Settles an open hold, late-settles an expired one, corrects an estimated charge, or answers a
 * repeat.
 *
 * @throws PurserError `not_found` for an unknown id, `conflict` if it was released or settled
 *   differently.
 */
export function decideSettle(books: LedgerView, command: SettleCommand): Decided<SettleAnswer> {
  const hold = books.openHold(command.operationId);
  if (hold?.attempt === command.attempt) {
    if (command.selfReported)
      checkReported(budgetsOf(books, hold), {
        held: hold.amount,
        open: true,
        cost: command.outcome.cost,
        ...(hold.closing && { inReserve: hold.closing.budgets }),
      });
    return settle(books, command, { counters: hold.counters, held: hold.amount, late: false });
  }

  const past = books.past(command.operationId).find((other) => other.attempt === command.attempt);
  if (!past)
    throw new PurserError("not_found", `no hold "${idOfOperation(command.operationId)}"`, {
      field: "operation_id",
      remedy: "Check the id.",
    });
  if (past.ended === "release") throw settledOtherwise(command.operationId, "was released");
  if (past.ended === "expire") return settleLate(books, command, past);
  if (past.settleFingerprint !== null && past.settleFingerprint === command.fingerprint)
    return answerAgain(books, past);
  if (past.status === "unresolved" || past.status === "estimated")
    return correct(books, command, { past, reason: `was ${past.status}` });
  throw settledOtherwise(command.operationId, "was settled with another body");
}

function settleLate(
  books: LedgerView,
  command: SettleCommand,
  past: PastAttempt,
): Decided<SettleAnswer> {
  const { cost } = command.outcome;
  const { counters, ...now } = countersNow(books, past, cost);
  if (command.selfReported)
    checkReported(budgetsOf(books, { counters }), { held: past.held, open: false, cost });
  return settle(books, command, { counters, ...now, held: nothing, late: true });
}

interface Held {
  readonly counters: readonly Counter[];
  /** What is given back. */
  readonly held: Quantities;
  readonly late: boolean;
  readonly moved?: Moved;
  /** When thresholds are crossed, if that is not the time of the charge. */
  readonly crossedAt?: number;
}

/** Charges the counters of a hold, however it is found. */
export function settle(
  books: LedgerView,
  command: Omit<SettleCommand, "kind">,
  { counters, held, late, moved, crossedAt = command.at }: Held,
): Decided<SettleAnswer> {
  const { at, operationId, attempt, outcome, fingerprint } = command;
  const overruns = counters.map((counter) =>
    overrunOf(books, counter, { held, cost: outcome.cost }),
  );
  const thresholds = crossedBy(books, counters, { at: crossedAt, cost: outcome.cost });
  const entry: Entry = {
    kind: "settle",
    at,
    operationId,
    attempt,
    ...outcome,
    overruns,
    late,
    fingerprint,
    ...moved,
  };
  const change = subtractQuantities(outcome.cost, held);
  return {
    answer: answerOf(books, counters, { cost: outcome.cost, change, thresholds }),
    entries: [entry, ...thresholds],
  };
}

/** The part of a charge above its hold for which the limit has no room. */
function overrunOf(
  books: LedgerView,
  counter: Counter,
  { held, cost }: { readonly held: Quantities; readonly cost: Quantities },
): bigint {
  const budget = books.budgets.get(counter.key.budgetId);
  if (!budget || budget.policy === "soft") return 0n;
  const charged = amountIn(counter.key.currency, cost);
  const covered = amountIn(counter.key.currency, held);
  if (charged <= covered) return 0n;
  const excess = charged - covered;
  const past = counter.spent + counter.held + excess - limitOf(counter, budget) - counter.overrun;
  if (past <= 0n) return 0n;
  return past < excess ? past : excess;
}

/**
 * An overrun shrinks with the charge that caused it: what is within the limit again is no overrun.
 */
function overrunTakenBack(books: LedgerView, counter: Counter, difference: Quantities): bigint {
  const budget = books.budgets.get(counter.key.budgetId);
  const change = amountIn(counter.key.currency, difference);
  if (!budget || change >= 0n) return 0n;
  const past = counter.spent + counter.held + change - limitOf(counter, budget);
  const left = past > 0n ? past : 0n;
  return counter.overrun > left ? counter.overrun - left : 0n;
}

function crossedBy(
  books: LedgerView,
  counters: readonly Counter[],
  { at, cost }: { readonly at: number; readonly cost: Quantities },
): readonly ThresholdEntry[] {
  const crossed: ThresholdEntry[] = [];
  for (const counter of counters) {
    const budget = books.budgets.get(counter.key.budgetId);
    if (!budget || budget.thresholds.length === 0) continue;
    const spent = counter.spent + amountIn(counter.key.currency, cost);
    crossed.push(...crossings(budget, { counter, spent, at }));
  }
  return crossed;
}

/** Books the difference to a better figure; the old entry stays. */
export function correct(
  books: LedgerView,
  command: Omit<SettleCommand, "kind">,
  { past, reason }: { readonly past: PastAttempt; readonly reason: string },
): Decided<SettleAnswer> {
  const { at, operationId, attempt, outcome, fingerprint } = command;
  const difference = subtractQuantities(outcome.cost, past.cost);
  const { counters, moved } = countersNow(books, past, difference);
  const overruns = counters.map(
    (counter) =>
      overrunOf(books, counter, { held: nothing, cost: difference }) -
      overrunTakenBack(books, counter, difference),
  );
  const thresholds = crossedBy(books, counters, { at, cost: difference });
  const entry: Entry = {
    kind: "correction",
    at,
    operationId,
    attempt,
    ...outcome,
    difference,
    overruns,
    reason,
    fingerprint,
    ...moved,
  };
  return {
    answer: answerOf(books, counters, { cost: outcome.cost, change: difference, thresholds }),
    entries: [entry, ...thresholds],
  };
}

/** Returns the earlier charge for the same request. */
export function answerAgain(books: LedgerView, past: PastAttempt): Decided<SettleAnswer> {
  const answer = answerOf(books, countersOf(books, past), {
    cost: past.cost,
    change: nothing,
    thresholds: [],
  });
  return { answer: { ...answer, repeated: true }, entries: [] };
}

function answerOf(
  books: LedgerView,
  counters: readonly Counter[],
  {
    cost,
    change,
    thresholds,
  }: {
    readonly cost: Quantities;
    readonly change: Quantities;
    readonly thresholds: readonly ThresholdEntry[];
  },
): SettleAnswer {
  return {
    repeated: false,
    cost,
    tightest: tightestAfter(budgetsOf(books, { counters }), change),
    crossed: thresholds,
  };
}

function countersOf(books: LedgerView, past: PastAttempt): readonly Counter[] {
  return past.counters.map((key) => books.counter(key));
}

function settledOtherwise(operationId: string, what: string): PurserError {
  return new PurserError("conflict", `hold "${idOfOperation(operationId)}" ${what}`, {
    field: "operation_id",
    remedy: "A hold ends once. Use a new operation id for a new call.",
  });
}
