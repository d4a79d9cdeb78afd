/** Test kit: the real ledger in a temporary folder, with a clock that the test moves. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Budget } from "../../domain/budget/budget.ts";
import { PurserError } from "../../domain/error.ts";
import { aBudget } from "../../domain/ledger/desk.test-kit.ts";
import type { ThresholdEntry } from "../../domain/ledger/entry.ts";
import { openLedger } from "../../store/sqlite/open.ts";
import { Waiting } from "../hold/waiting.ts";
import type { Clock } from "./clock.ts";
import type { Feed } from "./feed.ts";
import type { Ledger } from "./ledger.ts";
import type { Observer, RefusedCall } from "./observer.ts";
import { silentObserver } from "./parts.test-kit.ts";
import type { CallRow, LedgerReader } from "./reader.ts";

/** 2026-01-05, a Monday. */
export const start = Date.UTC(2026, 0, 5);

export class LedgerBench {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly feed: Feed;
  readonly directory: string;
  readonly clock: Clock;
  readonly waiting = new Waiting();
  readonly refused: RefusedCall[] = [];
  readonly crossed: ThresholdEntry[] = [];
  /** Calls that ended with a charge: the provider, and the status. */
  readonly ended: string[] = [];
  /** Keys whose calls in flight were ended. */
  readonly stopped: string[] = [];
  /** Models without a known price, by ended call. */
  readonly unpriced: string[] = [];
  readonly observer: Observer = {
    ...silentObserver,
    refused: (refusal) => void this.refused.push(refusal),
    thresholdCrossed: (threshold) => void this.crossed.push(threshold),
    callEnded: ({ provider, outcome }) => void this.ended.push(`${provider} ${outcome.status}`),
    callUnpriced: ({ model }) => void this.unpriced.push(model),
  };
  readonly #time: { now: number };

  private constructor(
    parts: Pick<LedgerBench, "ledger" | "reader" | "feed" | "directory">,
    time: { now: number },
  ) {
    this.ledger = parts.ledger;
    this.reader = parts.reader;
    this.feed = parts.feed;
    this.directory = parts.directory;
    this.#time = time;
    this.clock = clockOf(time);
  }

  static async open(test: TestContext): Promise<LedgerBench> {
    const directory = await mkdtemp(join(tmpdir(), "purser-app-"));
    const time = { now: start };
    const opened = await openLedger({ directory, durability: "process", clock: clockOf(time) });
    test.after(async () => {
      await opened.reader.close();
      await opened.ledger.close();
      await rm(directory, { recursive: true });
    });
    return new LedgerBench({ ...opened, directory }, time);
  }

  endCallsOf(keyId: string): void {
    this.stopped.push(keyId);
  }

  pass(ms: number): void {
    this.#time.now += ms;
  }

  async budget(fields: Partial<Budget> & { readonly budgetId: string }): Promise<void> {
    const budget = aBudget(fields);
    await this.ledger.commit({ kind: "put_budget", at: this.#time.now, budget, when: "put" });
  }

  /** Spent and held of each budget, over all its counters. */
  async amounts(
    ...budgetIds: readonly string[]
  ): Promise<Readonly<Record<string, readonly [spent: bigint, held: bigint]>>> {
    const sums = budgetIds.map(async (budgetId) => {
      const balances = await this.ledger.balances(budgetId, this.#time.now);
      const sum = (field: "spent" | "held"): bigint =>
        balances.reduce((total, balance) => total + balance[field], 0n);
      return [budgetId, [sum("spent"), sum("held")]] as const;
    });
    return Object.fromEntries(await Promise.all(sums));
  }

  /** The last attempt that ended. */
  async lastCall(): Promise<CallRow> {
    await this.ledger.flush();
    const [row] = await this.reader.calls({}, { limit: 1, before: null });
    if (!row) throw new Error("no call has ended");
    return row;
  }
}

function clockOf(time: { readonly now: number }): Clock {
  return { now: () => time.now, monotonic: () => time.now };
}

/** For `assert.rejects` and `assert.throws`. */
export function refusedAs(code: string, field: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof PurserError, String(error));
    assert.deepEqual([error.code, error.detail.field], [code, field]);
    return true;
  };
}
