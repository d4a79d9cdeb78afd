/**
 * Decides a ledger command: returns the answer for the caller and the entries to apply, without
 * side effects.
 */

import { PurserError } from "../error.ts";
import type { AnswerOf, Command, PutRuleCommand, ReleaseCommand } from "./command.ts";
import { decidePutBudget, noSuchBudget } from "./decide-budget.ts";
import { decideExtend, decidePause, decideResume } from "./decide-control.ts";
import { decideAsk, decideDecline } from "./decide-question.ts";
import { decideCorrect } from "./decide-correct.ts";
import { decideEndExport, decideStartEpoch } from "./decide-epoch.ts";
import { decideHold } from "./decide-hold.ts";
import { decidePutPrice, decideRemovePrice } from "./decide-price.ts";
import { decideRevertPrices, decideUpdatePrices } from "./decide-price-update.ts";
import { decideRecord } from "./decide-record.ts";
import { decideAcknowledge, decideEscalate, decideFire } from "./decide-rule.ts";
import { decideSettle } from "./decide-settle.ts";
import { decideTopUp } from "./decide-top-up.ts";
import type { Decided } from "./decided.ts";
import { idOfOperation } from "./operation.ts";
import type { LedgerView } from "./view.ts";

type Decider = {
  readonly [Kind in Command["kind"]]: (
    books: LedgerView,
    command: never,
  ) => Decided<AnswerOf[Kind]>;
};

const deciders: Decider = {
  hold: decideHold,
  top_up: decideTopUp,
  settle: decideSettle,
  record: decideRecord,
  release: decideRelease,
  correct: decideCorrect,
  expire: (books: LedgerView, command: Extract<Command, { kind: "expire" }>) => {
    const due = books.expiredBy(command.at);
    return {
      answer: { expired: due.map(({ operationId, attempt }) => ({ operationId, attempt })) },
      entries: due.map(({ operationId, attempt }) => ({
        kind: "expire",
        at: command.at,
        operationId,
        attempt,
      })),
    };
  },
  put_budget: decidePutBudget,
  delete_budget: (books: LedgerView, command: Extract<Command, { kind: "delete_budget" }>) => {
    const budget = books.budgets.get(command.budgetId);
    if (!budget) throw noSuchBudget(command.budgetId);
    for (const other of books.budgets.values()) {
      if (other.parentBudgetId !== budget.budgetId) continue;
      throw new PurserError(
        "conflict",
        `budget "${budget.budgetId}" is the parent of "${other.budgetId}"`,
        {
          field: "budget_id",
          remedy: "Delete its children first, or give them another parent.",
        },
      );
    }
    return {
      answer: { budget },
      entries: [{ kind: "budget", at: command.at, budget, deleted: true, recounts: [] }],
    };
  },
  pause_budget: decidePause,
  resume_budget: decideResume,
  extend_budget: decideExtend,
  ask_budget: decideAsk,
  decline_budget: decideDecline,
  put_key: (_books: LedgerView, command: Extract<Command, { kind: "put_key" }>) => ({
    answer: { key: command.key },
    entries: [{ kind: "key", at: command.at, key: command.key }],
  }),
  put_price: decidePutPrice,
  remove_price: decideRemovePrice,
  update_prices: decideUpdatePrices,
  revert_prices: decideRevertPrices,
  put_rule: (_books: LedgerView, { at, rule, deleted }: PutRuleCommand) => ({
    answer: { rule },
    entries: [{ kind: "rule", at, rule, deleted }],
  }),
  fire_rule: decideFire,
  acknowledge_rule: decideAcknowledge,
  escalate_rule: decideEscalate,
  start_epoch: decideStartEpoch,
  end_export: decideEndExport,
};

/**
 * @throws PurserError `conflict` for an id in flight or in the ledger with another body,
 *   `not_found` for an unknown id.
 */
export function decide<C extends Command>(
  books: LedgerView,
  command: C,
): Decided<AnswerOf[C["kind"]]> {
  const decider = deciders[command.kind] as (
    books: LedgerView,
    command: C,
  ) => Decided<AnswerOf[C["kind"]]>;
  return decider(books, command);
}

function decideRelease(books: LedgerView, command: ReleaseCommand): Decided<AnswerOf["release"]> {
  const { operationId, attempt, at, reason } = command;
  if (books.openHold(operationId)?.attempt === attempt) {
    return {
      answer: { repeated: false },
      entries: [{ kind: "release", at, operationId, attempt, reason }],
    };
  }
  const past = books.past(operationId).find((other) => other.attempt === attempt);
  if (!past)
    throw new PurserError("not_found", `no hold "${idOfOperation(operationId)}"`, {
      field: "operation_id",
      remedy: "Check the id.",
    });
  if (past.ended === "settle") {
    throw new PurserError("conflict", `hold "${idOfOperation(operationId)}" was settled`, {
      field: "operation_id",
      remedy: "What was charged cannot be released.",
    });
  }
  return { answer: { repeated: true }, entries: [] };
}
