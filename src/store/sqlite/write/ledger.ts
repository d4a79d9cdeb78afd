/**
 * The embedded ledger: decides in memory, one command after another, and lets a writer thread store
 * the batches.
 */

import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../app/port/clock.ts";
import type { Ledger, OpenHold } from "../../../app/port/ledger.ts";
import type { Budget } from "../../../domain/budget/budget.ts";
import { PurserError } from "../../../domain/error.ts";
import type { Key } from "../../../domain/key/key.ts";
import type { AnswerOf, Command } from "../../../domain/ledger/command.ts";
import { balancesOf } from "../../../domain/ledger/balances.ts";
import type { Balance, Pause } from "../../../domain/ledger/counter.ts";
import type { Counted } from "../../../domain/ledger/entry.ts";
import type { Replacements } from "../../../domain/ledger/replacements.ts";
import type { KeptPrice } from "../../../domain/price/text/kept-price.ts";
import type { KeptPriceUpdate } from "../../../domain/price/update/price-update.ts";
import { alertKey, type KeptAlert } from "../../../domain/rule/alert.ts";
import type { KeptEpoch } from "../../../domain/ledger/epoch.ts";
import type { ExportState } from "../../../domain/ledger/export-run.ts";
import type { KeptRule } from "../../../domain/rule/rule.ts";
import { asOpenHold } from "../../open-hold.ts";
import type { CountQuery } from "../read/query.ts";
import type { SqliteFeed } from "../read/ledger-feed.ts";
import { ReaderThread } from "../read/reader-thread.ts";
import { Pipeline } from "./pipeline.ts";
import { Recounting, type Progress } from "./recounting.ts";
import type { WriterThread } from "./writer-thread.ts";

export interface LedgerParts {
  /** A connection that can read, for recovery and look-ups. */
  readonly database: DatabaseSync;
  readonly writer: WriterThread;
  readonly clock: Clock;
  readonly directory: string;
  /** Ends when the ledger is closed. */
  readonly feed: SqliteFeed;
  readonly onClose: () => void;
}

export class SqliteLedger implements Ledger {
  readonly #parts: LedgerParts;
  readonly #pipeline: Pipeline;
  readonly #recounting: Recounting;
  #isClosed = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#pipeline = new Pipeline(parts);
    this.#recounting = new Recounting({
      pipeline: this.#pipeline,
      clock: parts.clock,
      count: (what, progress) => this.#count(what, progress),
    });
  }

  commit<C extends Command>(
    command: C,
    progress: Progress = () => undefined,
  ): Promise<AnswerOf[C["kind"]]> {
    if (this.#isClosed) return Promise.reject(closed());
    if (command.kind !== "put_budget" && command.kind !== "delete_budget")
      return this.#pipeline.commit(command);
    return this.#recounting.commit(command, progress) as Promise<AnswerOf[C["kind"]]>;
  }

  decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    return this.#isClosed ? Promise.reject(closed()) : this.#pipeline.decide(command);
  }

  async flush(): Promise<void> {
    await this.#pipeline.durable();
  }

  /** Resolves once readers find all that can be found: at once while the file cannot be written. */
  async settled(): Promise<void> {
    if (!this.#isClosed && !this.problem()) await this.#pipeline.readable();
  }

  /** On a thread of its own: it may take seconds, and other questions do not wait for it. */
  async #count(what: Omit<CountQuery, "method">, progress: Progress): Promise<readonly Counted[]> {
    await this.settled();
    const thread = new ReaderThread({ directory: this.#parts.directory });
    try {
      return (await thread.ask({ method: "count", ...what }, progress)) as readonly Counted[];
    } finally {
      await thread.close();
    }
  }

  budgets(): readonly Budget[] {
    return [...this.#pipeline.books.budgets.values()];
  }

  budget(budgetId: string): Budget | undefined {
    return this.#pipeline.books.budgets.get(budgetId);
  }

  pauseOf(budgetId: string, value: string | null): Pause | null {
    return this.#pipeline.books.pauseOf(budgetId, value);
  }

  pausesOf(budgetId: string): readonly Pause[] {
    return this.#pipeline.books.pausesOf(budgetId);
  }

  async balances(budgetId: string, at: number, value?: string): Promise<readonly Balance[]> {
    const budget = this.budget(budgetId);
    const query = { at, ...(value !== undefined && { value }) };
    return budget ? balancesOf(this.#pipeline.books, budget, query) : [];
  }

  keys(): readonly Key[] {
    return [...this.#pipeline.books.keys.values()];
  }

  keyByHash(hash: string): Key | undefined {
    return this.#pipeline.books.registry.keysByHash.get(hash);
  }

  prices(): readonly KeptPrice[] {
    return this.#pipeline.books.registry.prices;
  }

  rules(): readonly KeptRule[] {
    return [...this.#pipeline.books.rules.values()];
  }

  alerts(): readonly KeptAlert[] {
    return [...this.#pipeline.books.alerts.values()];
  }

  alertOf(of: Pick<KeptAlert, "ruleId" | "value">): KeptAlert | undefined {
    return this.#pipeline.books.registry.alerts.get(alertKey(of));
  }

  replacements(): Replacements | null {
    return this.#pipeline.books.registry.replacements.current;
  }

  epochs(): readonly KeptEpoch[] {
    return [...this.#pipeline.books.epochs];
  }

  exportState(schedule: string): ExportState | undefined {
    return this.#pipeline.books.exports.get(schedule);
  }

  priceUpdates(): readonly KeptPriceUpdate[] {
    return [...this.#pipeline.books.priceUpdates.values()];
  }

  async openHolds(): Promise<readonly OpenHold[]> {
    return [...this.#pipeline.books.holds.values()].map(asOpenHold);
  }

  async holdOf(operationId: string): Promise<OpenHold | undefined> {
    const hold = this.#pipeline.books.holds.get(operationId);
    return hold && asOpenHold(hold);
  }

  problem(): PurserError | null {
    return this.#pipeline.problem;
  }

  /** @throws PurserError `store_unavailable` if the last decisions could not be written. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      this.#pipeline.end();
      await this.#parts.feed.close();
      // The writer closes last: only it can move the rest of the write-ahead log into the file.
      this.#parts.database.close();
      await this.#parts.writer.close();
      this.#parts.onClose();
    }
  }
}

function closed(): PurserError {
  return new PurserError("shutting_down", "the ledger is closed");
}
