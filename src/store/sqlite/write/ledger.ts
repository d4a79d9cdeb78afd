/** The embedded ledger: decides in memory, one command after another, and has a writer thread put batches on file. */

import type { PriceOverride } from "../../../domain/price/rate.ts";
import type { DatabaseSync } from "node:sqlite";
import type { Clock, Ledger, OpenHold } from "../../../app/ports.ts";
import { everyValue } from "../../../domain/budget/applies.ts";
import type { Budget } from "../../../domain/budget/budget.ts";
import { windowAt } from "../../../domain/budget/window.ts";
import { PurserError } from "../../../domain/error.ts";
import type { Key } from "../../../domain/key/key.ts";
import type { Hold } from "../../../domain/ledger/books.ts";
import type { AnswerOf, Balance, Command } from "../../../domain/ledger/command.ts";
import { balanceOf, type Counter } from "../../../domain/ledger/counter.ts";
import { decide } from "../../../domain/ledger/decide.ts";
import type { Gathering } from "./gathering.ts";
import { JournalState } from "./journal-state.ts";
import type { WriterThread } from "./writer-thread.ts";

export interface LedgerParts {
  /** A connection that may read, for recovery and look-ups. */
  readonly database: DatabaseSync;
  readonly writer: WriterThread;
  readonly clock: Clock;
  readonly directory: string;
  readonly onClose: () => void;
}

/** How long a file that could not be written is left alone. */
const retryMs = 250;

/**
 * One batch is on its way to the file at a time; what is decided meanwhile makes the next one.
 *
 * When a batch fails, all who wait for it are told so, the books are read anew from the file, and the commands whose answers
 * had been given before they were on file (`decide`) are decided again, so that no charge is lost. Until a batch succeeds,
 * only ends of calls are taken, and nothing is called durable.
 */
export class SqliteLedger implements Ledger {
  readonly #parts: LedgerParts;
  #state: JournalState;
  #inFlight: Gathering | undefined;
  #batches = 0;
  #isScheduled = false;
  #failure: PurserError | undefined;
  #undecided: Command[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isEnded = false;
  /** The books are ahead of the file, and the file could not be read. */
  #isStale = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#state = new JournalState(parts.database, parts.clock.now());
  }

  async commit<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    this.#mustBeOpen();
    if (this.#failure) throw this.#failure;
    const answer = this.#decide(command);
    await this.#durable();
    return answer;
  }

  async decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    this.#mustBeOpen();
    if (this.#failure && (this.#isStale || !isEndOfCall(command))) throw this.#failure;
    return this.#decideAndKeep(command);
  }

  async flush(): Promise<void> {
    if (this.#failure) throw this.#failure;
    await this.#durable();
  }

  /** Resolves when all that can be on file is there: at once while the file cannot be written. For readers. */
  async settled(): Promise<void> {
    if (!this.#failure) await this.#durable();
  }

  budgets(): readonly Budget[] {
    return [...this.#state.books.budgets.values()];
  }

  budget(budgetId: string): Budget | undefined {
    return this.#state.books.budgets.get(budgetId);
  }

  balances(budgetId: string, at: number): readonly Balance[] {
    const budget = this.budget(budgetId);
    if (!budget) return [];
    const window = windowAt(budget, at);
    const [windowStart, windowEnd] = typeof window === "string" ? [budget.start ?? 0, budget.end] : [window.start, window.end];
    const { books } = this.#state;
    const { currency, resourceId } = budget;
    if (resourceId !== everyValue)
      return [balanceOf(books.counter({ budgetId, value: resourceId, windowStart, windowEnd, currency }), budget)];
    const isOpen = ({ key }: Counter): boolean => key.budgetId === budgetId && key.windowStart === windowStart && key.currency === currency;
    return [...books.counters()].filter(isOpen).map((counter) => balanceOf(counter, budget));
  }

  keys(): readonly Key[] {
    return [...this.#state.books.keys.values()];
  }

  keyByHash(hash: string): Key | undefined {
    return this.#state.books.keysByHash.get(hash);
  }

  prices(): readonly PriceOverride[] {
    return this.#state.books.prices;
  }

  openHolds(): readonly OpenHold[] {
    return [...this.#state.books.holds.values()].map(asOpenHold);
  }

  holdOf(operationId: string): OpenHold | undefined {
    const hold = this.#state.books.holds.get(operationId);
    return hold && asOpenHold(hold);
  }

  problem(): PurserError | null {
    return this.#failure ?? null;
  }

  /** @throws PurserError `store_unavailable` when what was decided last could not be written. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      this.#isEnded = true;
      clearTimeout(this.#retry);
      await this.#parts.writer.close();
      this.#parts.database.close();
      this.#parts.onClose();
    }
  }

  #decide<C extends Command>(command: C): AnswerOf[C["kind"]] {
    const { answer, entries } = decide(this.#state.books, command);
    if (entries.length > 0) {
      this.#state.record(entries);
      this.#schedule();
    }
    return answer;
  }

  /** Keeps a command that changes something until its batch is on file. */
  #decideAndKeep<C extends Command>(command: C): AnswerOf[C["kind"]] {
    const { gathering } = this.#state;
    const before = gathering.entries.length;
    const answer = this.#decide(command);
    if (gathering.entries.length > before) gathering.answered.push(command);
    return answer;
  }

  /** Resolves with the batch that holds the last entry so far. */
  #durable(): Promise<void> {
    const { gathering } = this.#state;
    const last = gathering.entries.length > 0 ? gathering : this.#inFlight;
    if (!last) return Promise.resolve();
    return new Promise((resolve, reject) => last.waiters.push({ resolve, reject }));
  }

  /** What is decided in the same turn of the event loop goes into the same batch. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight || this.#failure) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  #write(): void {
    if (this.#inFlight || this.#isEnded) return;
    this.#batches += 1;
    const { batch, gathered, written } = this.#state.takeBatch(this.#batches);
    this.#inFlight = gathered;
    this.#parts.writer.write(batch).then(
      () => {
        written();
        this.#succeed(gathered);
      },
      (cause: unknown) => this.#fail(gathered, cause),
    );
  }

  #succeed(gathered: Gathering): void {
    this.#inFlight = undefined;
    this.#failure = undefined;
    // Whatever changed since is in the books' next set of changes, and all else is on file.
    if (this.#batches % forgetEvery === 0) this.#state.books.forgetIdleCounters(this.#parts.clock.now());
    if (this.#state.gathering.entries.length > 0) this.#write();
    for (const { resolve } of gathered.waiters) resolve();
  }

  #fail(gathered: Gathering, cause: unknown): void {
    this.#inFlight = undefined;
    const failure = this.#unavailable(cause);
    this.#failure = failure;
    const { gathering } = this.#state;
    this.#undecided.push(...gathered.answered, ...gathering.answered);
    for (const { reject } of [...gathered.waiters, ...gathering.waiters]) reject(failure);
    this.#isStale = true;
    this.#tryAnew(failure);
  }

  /** Reads the books anew, at once or when the file can be read again, and later tries to write. */
  #tryAnew(failure: PurserError): void {
    try {
      if (this.#isStale) this.#startAnew();
      this.#isStale = false;
    } catch (cause) {
      if (cause instanceof PurserError) throw cause;
      this.#failure = this.#unavailable(new AggregateError([failure, cause], "it can be neither written nor read"));
    }
    this.#retry = setTimeout(() => (this.#isStale ? this.#tryAnew(failure) : this.#write()), retryMs);
  }

  /** Reads the books from the file, and decides again what was answered and is not there. */
  #startAnew(): void {
    this.#state = new JournalState(this.#parts.database, this.#parts.clock.now());
    const commands = this.#undecided;
    this.#undecided = [];
    for (const command of commands) {
      try {
        this.#decideAndKeep(command);
      } catch (error) {
        // It ended a hold that nobody was promised: that hold was never on file, and its caller was told so.
        if (!(error instanceof PurserError) || error.code === "bug") throw error;
      }
    }
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new PurserError("shutting_down", "the ledger is closed");
  }

  #unavailable(cause: unknown): PurserError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new PurserError("store_unavailable", `the ledger in ${this.#parts.directory} cannot be written: ${why}`, {
      field: "data",
      remedy: "Check that the disk has room and that the folder may be written; it is tried again by itself.",
      cause,
    });
  }
}

/** Batches between two looks for counters whose window is over. */
const forgetEvery = 10_000;

function isEndOfCall(command: Command): boolean {
  return command.kind === "settle" || command.kind === "release" || command.kind === "expire";
}

function asOpenHold({ operationId, attempt, at, attribution, route, amount, expiresAt }: Hold): OpenHold {
  return { operationId, attempt, at, attribution, route, amount, expiresAt };
}
