/**
 * Creates or changes a budget. Its spent amount becomes the cost of all calls in its window, past
 * ones included.
 */

import { windowAt } from "../budget/window.ts";
import type { Budget } from "../budget/budget.ts";
import { PurserError } from "../error.ts";
import { selectBudgets } from "./applicable.ts";
import type { Hold } from "./hold.ts";
import type { AnswerOf, PutBudgetCommand } from "./command.ts";
import { counterId } from "./counter.ts";
import { crossings } from "./crossing.ts";
import type { Decided } from "./decided.ts";
import type {
  CountedCounter,
  CounterKey,
  Entry,
  MoveEntry,
  Recount,
  ThresholdEntry,
} from "./entry.ts";
import {
  type BudgetToCount,
  countingFor,
  type Counting,
  isWithin,
  subjectOf,
  Tally,
} from "./recount.ts";
import type { LedgerView } from "./view.ts";

/**
 * Calls in flight move to their new counters. A threshold that is already passed fires at once.
 *
 * @throws PurserError `conflict` for an existing id, `not_found` for an unknown one,
 *   `invalid_request` for an invalid parent.
 */
export function decidePutBudget(
  books: LedgerView,
  command: PutBudgetCommand,
): Decided<AnswerOf["put_budget"]> {
  const { budget, at } = command;
  checkId(books, command);
  checkAncestors(books, budget.budgetId, budget.parentBudgetId);
  const counting = countingFor(books, command);
  const recounts = counting.counts.map((one) =>
    recountOf(books, one, command.counted?.find(isOf(one.budget))?.counters ?? []),
  );
  const crossed = crossingsAfter(books, { budget, recounts, counting, at });
  const entries: readonly Entry[] = [
    { kind: "budget", at, budget, deleted: false, recounts },
    ...movesTo(books, counting, at),
    ...crossed,
  ];
  return { answer: { budget, crossed }, entries };
}

function checkId(books: LedgerView, { budget, when }: PutBudgetCommand): void {
  const exists = books.budgets.has(budget.budgetId);
  if (when === "create" && exists) {
    throw new PurserError("conflict", `budget "${budget.budgetId}" exists`, {
      field: "budget_id",
      remedy: "Change that one, or choose another id.",
    });
  }
  if (when === "replace" && !exists) throw noSuchBudget(budget.budgetId);
}

/** Commands are decided one at a time, so two concurrent edits cannot create a cycle. */
function checkAncestors(books: LedgerView, budgetId: string, parentBudgetId: string | null): void {
  for (let id = parentBudgetId; id !== null; id = books.budgets.get(id)?.parentBudgetId ?? null) {
    if (id === budgetId) {
      throw new PurserError(
        "invalid_request",
        `parent_budget_id: "${budgetId}" would be its own ancestor`,
        {
          field: "parent_budget_id",
          remedy: "Choose a parent that does not draw on this budget.",
        },
      );
    }
    if (!books.budgets.has(id)) {
      throw new PurserError("invalid_request", `parent_budget_id: no budget "${id}"`, {
        field: "parent_budget_id",
        remedy: "Create the parent first.",
      });
    }
  }
}

export function noSuchBudget(budgetId: string): PurserError {
  return new PurserError("not_found", `no budget "${budgetId}"`, {
    field: "budget_id",
    remedy: "List budgets to see their ids.",
  });
}

function isOf({ budgetId }: Budget): (other: { readonly budgetId: string }) => boolean {
  return (other) => other.budgetId === budgetId;
}

/** The counted amounts, and zero for counters of the window that no longer have any call. */
function recountOf(
  books: LedgerView,
  { budget, window }: BudgetToCount,
  counted: readonly CountedCounter[],
): Recount {
  const found = new Set(counted.map(({ key }) => counterId(key)));
  const emptied = books
    .countersIn(budget, window)
    .filter(({ id, spent }) => spent !== 0n && !found.has(id));
  return {
    budgetId: budget.budgetId,
    from: window.start,
    counters: [...counted, ...emptied.map(({ key }) => ({ key, spent: 0n }))],
  };
}

function movesTo(books: LedgerView, counting: Counting, at: number): readonly MoveEntry[] {
  if (counting.counts.length === 0) return [];
  const tally = new Tally(counting);
  return [...books.openHolds()].flatMap((hold): readonly MoveEntry[] => {
    const { operationId, attempt } = hold;
    const counters = keysAfter(hold, { counting, tally });
    return isSame(hold.keys, counters)
      ? []
      : [{ kind: "move", at, operationId, attempt, counters }];
  });
}

/** Narrowest budget first, as in a new hold; budgets that no longer select the call come last. */
function keysAfter(
  hold: Hold,
  { counting, tally }: { readonly counting: Counting; readonly tally: Tally },
): readonly CounterKey[] {
  const call = {
    at: hold.at,
    attribution: hold.attribution,
    route: hold.route,
    counters: hold.keys,
  };
  const added = tally.placesOf(call).map(({ key }) => key);
  const isReplaced = (key: CounterKey): boolean =>
    added.some((other) => counterId(other) === counterId(key)) ||
    counting.counts.some(
      (one) =>
        !one.keepsCounted && one.budget.budgetId === key.budgetId && isWithin(one.window, hold.at),
    );
  const order = selectBudgets(counting.budgets, subjectOf(call, counting.ofKeys)).map(
    ({ budgetId }) => budgetId,
  );
  const place = ({ budgetId }: CounterKey): number =>
    order.includes(budgetId) ? order.indexOf(budgetId) : order.length;
  return [...hold.keys.filter((key) => !isReplaced(key)), ...added].sort(
    (left, right) => place(left) - place(right),
  );
}

function isSame(left: readonly CounterKey[], right: readonly CounterKey[]): boolean {
  const ids = new Set(left.map(counterId));
  return left.length === right.length && right.every((key) => ids.has(counterId(key)));
}

interface Change {
  readonly budget: Budget;
  readonly recounts: readonly Recount[];
  readonly counting: Counting;
  readonly at: number;
}

/** A lower amount, a new threshold or a recount may pass a threshold that no charge would cross. */
function crossingsAfter(
  books: LedgerView,
  { budget, recounts, counting, at }: Change,
): readonly ThresholdEntry[] {
  const others = counting.counts.filter((one) => one.keepsCounted).map((one) => one.budget);
  return [budget, ...others].flatMap((changed) => {
    const window = windowAt(changed, at);
    if (typeof window === "string") return [];
    const recount = recounts.find(isOf(changed));
    const counters: readonly CountedCounter[] = recount
      ? recount.counters
      : books.countersIn(changed, window);
    return counters.flatMap(({ key, spent }) =>
      crossings(changed, { counter: books.counter(key), spent, at }),
    );
  });
}
