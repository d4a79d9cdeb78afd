/**
 * Names the state that a command needs, so that a ledger kept on a server can load exactly that and
 * then decide with `decide`, a pure function.
 */

import { type Window, windowAt } from "../budget/window.ts";
import { everyValue } from "../budget/applies.ts";
import type { Budget } from "../budget/budget.ts";
import type { Command, PutBudgetCommand } from "./command.ts";
import type { ControlCommand } from "./control-command.ts";
import { recountedKeys } from "./counters-now.ts";
import { currentCounter } from "./current-counter.ts";
import type { CallId, CounterKey } from "./entry.ts";
import type { Loaded } from "./loaded.ts";
import { countedWindow, countingFor, Tally } from "./recount.ts";
import type { Registry } from "./registry.ts";

/** What a decision reads, and what its entries change. Definitions come from the registry. */
export interface Needs {
  /** Operations, each with its open hold and its ended attempts. */
  readonly operations: readonly string[];
  readonly counters: readonly CounterKey[];
  /** Keys, each with the number of its holds that can lapse and what they hold by counter. */
  readonly keys: readonly string[];
  /** The holds that have lapsed at this time; null for none. */
  readonly expiredBy: number | null;
  /** All counters of a budget in a window. */
  readonly windows: readonly BudgetWindow[];
  /** Whether all open holds are needed. */
  readonly openHolds: boolean;
}

export interface BudgetWindow {
  readonly budget: Budget;
  readonly window: Window;
}

export const noNeeds: Needs = {
  operations: [],
  counters: [],
  keys: [],
  expiredBy: null,
  windows: [],
  openHolds: false,
};

/**
 * The first of two steps: the needs that follow from the command and the definitions alone.
 *
 * A `put_budget` needs `counted` to be complete. It reads every open hold and every counter of a
 * window, so a server locks out other writers while it loads, decides and commits.
 */
export function needs(command: Command, registry: Registry): Needs {
  switch (command.kind) {
    case "hold":
      return {
        ...noNeeds,
        operations: [command.operationId],
        counters: registry.countersFor(command, command.at),
        keys: command.share ? [command.share.keyId] : [],
      };
    case "record":
      return {
        ...noNeeds,
        operations: [
          command.operationId,
          ...(command.coveredBy ? [command.coveredBy.operationId] : []),
        ],
        counters: registry.countersFor(command, command.at),
      };
    case "top_up":
      return {
        ...noNeeds,
        operations: [command.operationId],
        keys: command.share ? [command.share.keyId] : [],
      };
    case "settle":
    case "release":
    case "correct":
      return { ...noNeeds, operations: [command.operationId] };
    case "expire":
      return { ...noNeeds, expiredBy: command.at };
    case "put_budget":
      return needsOfBudget(command, registry);
    case "resume_budget":
    case "extend_budget":
    case "decline_budget":
    case "ask_budget":
      return needsOfControl(command, registry);
    default:
      return noNeeds;
  }
}

/**
 * The second step: what follows from the calls that the first one found, mostly their counters. A
 * server that joins holds to their counters can answer both steps in one round trip, except for an
 * expiry and for a late or corrected charge.
 */
export function needsOfCalls(
  command: Command,
  registry: Registry,
  found: Pick<Loaded, "operations" | "holds">,
): Needs {
  const open = [...found.holds, ...found.operations.flatMap(({ hold }) => hold ?? [])];
  const counters = open.flatMap((hold) => hold.counters);
  switch (command.kind) {
    case "settle":
    case "correct":
      return { ...noNeeds, counters: [...counters, ...countersOfEnded(command, registry, found)] };
    case "record": {
      const { operationId } = command;
      const ended = countersOfEnded({ operationId, attempt: null }, registry, found);
      return { ...noNeeds, counters: [...counters, ...ended] };
    }
    case "expire":
      return { ...noNeeds, counters, operations: open.map(({ operationId }) => operationId) };
    case "put_budget": {
      const tally = new Tally(countingFor(registry, command));
      const moved = open.flatMap((hold) => tally.placesOf(hold).map(({ key }) => key));
      return { ...noNeeds, counters: [...counters, ...moved] };
    }
    default:
      return { ...noNeeds, counters };
  }
}

export function mergeNeeds(all: readonly Needs[]): Needs {
  const times = all.flatMap(({ expiredBy }) => expiredBy ?? []);
  return {
    operations: [...new Set(all.flatMap(({ operations }) => operations))],
    counters: all.flatMap(({ counters }) => counters),
    keys: [...new Set(all.flatMap(({ keys }) => keys))],
    expiredBy: times.length > 0 ? Math.max(...times) : null,
    windows: all.flatMap(({ windows }) => windows),
    openHolds: all.some(({ openHolds }) => openHolds),
  };
}

/**
 * A budget that was changed since may have moved the charge of an ended call.
 *
 * @param call.attempt Null for all attempts.
 */
function countersOfEnded(
  { operationId, attempt }: Pick<CallId, "operationId"> & { readonly attempt: number | null },
  registry: Registry,
  { operations }: Pick<Loaded, "operations">,
): readonly CounterKey[] {
  return operations
    .filter((operation) => operation.operationId === operationId)
    .flatMap(({ past }) => past.filter((other) => attempt === null || other.attempt === attempt))
    .flatMap((past) => [...past.counters, ...recountedKeys(registry, past)]);
}

function needsOfControl(
  { budgetId, at, value }: Pick<ControlCommand, "budgetId" | "at" | "value">,
  registry: Registry,
): Needs {
  const budget = registry.budgets.get(budgetId);
  if (!budget) return noNeeds;
  return value === null && budget.resourceId === everyValue
    ? { ...noNeeds, windows: [{ budget, window: countedWindow(budget, at) }] }
    : { ...noNeeds, counters: [currentCounter(budget, { at, value })] };
}

function needsOfBudget(command: PutBudgetCommand, registry: Registry): Needs {
  const { budget, at, counted = [] } = command;
  const { counts } = countingFor(registry, command);
  const open = windowAt(budget, at);
  return {
    ...noNeeds,
    counters: counted.flatMap(({ counters }) => counters.map(({ key }) => key)),
    windows: typeof open === "string" ? counts : [...counts, { budget, window: open }],
    openHolds: counts.length > 0,
  };
}
