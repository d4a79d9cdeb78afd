/** Test kit for the ledger: books with a clock, and one-line budgets and calls. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget } from "../budget/budget.ts";
import { pico } from "../money/money.ts";
import { Books } from "./books.ts";
import type { AnswerOf, Command, HoldCommand } from "./command.ts";
import { decide } from "./decide.ts";
import type { Entry, Outcome, Quantities } from "./entry.ts";
import { noHistory } from "./past.ts";
import { type ChargedCall, countingFor, Tally } from "./recount.ts";

/** The history of a new ledger. */

export class Desk {
  readonly books = new Books(noHistory);
  readonly journal: Entry[] = [];
  readonly #charges: ChargedCall[] = [];

  constructor() {
    this.books.watch((charged) => this.#charges.push(charged));
  }

  run<C extends Command>(command: C): AnswerOf[C["kind"]] {
    const { answer, entries } = decide(this.books, command);
    for (const entry of entries) {
      this.books.apply(entry);
      this.journal.push(entry);
    }
    return answer;
  }

  budget(fields: Partial<Budget> & { readonly budgetId: string }): void {
    this.put(aBudget(fields), 0);
  }

  /** Recounts from the whole journal, like a store. */
  put(budget: Budget, at: number): void {
    this.run(this.complete({ kind: "put_budget", at, budget, when: "put" }));
  }

  /** A command as a store decides it: with the past charges that a budget counts. */
  complete(command: Command): Command {
    if (command.kind !== "put_budget") return command;
    const tally = new Tally(countingFor(this.books, command));
    for (const call of this.#charges) tally.add(call);
    return { ...command, counted: tally.counted() };
  }

  /** The state of a budget's only counter. */
  counter(budgetId: string): {
    readonly spent: bigint;
    readonly held: bigint;
    readonly overrun: bigint;
  } {
    const [counter, ...more] = [...this.books.counters()].filter(
      ({ key }) => key.budgetId === budgetId,
    );
    if (!counter || more.length > 0)
      throw new Error(`${budgetId} has ${more.length + (counter ? 1 : 0)} counters`);
    const { spent, held, overrun } = counter;
    return { spent, held, overrun };
  }
}

export function aBudget(fields: Partial<Budget> & { readonly budgetId: string }): Budget {
  return {
    parentBudgetId: null,
    budgetType: "platform",
    resourceId: "main",
    amount: 1000n,
    currency: "USD",
    period: "year",
    timeZone: "UTC",
    anchor: 1,
    start: null,
    end: null,
    policy: "hard",
    thresholds: [],
    models: null,
    providers: null,
    unpriced: { policy: "block" },
    mode: "pooled",
    ...fields,
  };
}

/**
 * A call that costs `usd` at most and whose output cannot be shortened, unless `command` says
 * otherwise.
 */
export function aHold(
  operationId: string,
  usd: bigint,
  command: Partial<HoldCommand> = {},
): HoldCommand {
  return {
    kind: "hold",
    at: 1,
    operationId,
    repeat: "next",
    attribution: noAttribution,
    route: { provider: "p", model: "m", endpoint: "chat", keyId: null },
    budgets: [],
    demand: {
      fixed: quantities(usd),
      perOutputToken: pico(0n),
      outputTokens: 0,
      leastOutputTokens: 0,
      inputTokens: 0,
    },
    expiresAt: null,
    fingerprint: null,
    final: true,
    ...command,
  };
}

const noAttribution: Attribution = {};

export function quantities(usd: bigint): Quantities {
  return { usd: pico(usd), tokens: usd, requests: 1n };
}

export function anOutcome(usd: bigint, fields: Partial<Outcome> = {}): Outcome {
  return {
    status: "settled",
    model: "m",
    usage: {},
    charges: [],
    cost: quantities(usd),
    reportedCost: null,
    rawUsage: null,
    flags: [],
    latencyMs: 1,
    priceVersion: "1",
    ...fields,
  };
}
