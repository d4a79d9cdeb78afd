/**
 * From decisions to disk: gathers decisions into batches and keeps the writer thread busy with
 * them.
 */

import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../app/port/clock.ts";
import { PurserError } from "../../../domain/error.ts";
import type { Books } from "../../../domain/ledger/books.ts";
import type { AnswerOf, Command } from "../../../domain/ledger/command.ts";
import type { CounterKey } from "../../../domain/ledger/entry.ts";
import { decide } from "../../../domain/ledger/decide.ts";
import { damagedLedger } from "../integrity.ts";
import { damageRemedyFor } from "../schema.ts";
import type { Gathering, Waiter } from "./gathering.ts";
import { JournalState } from "./journal-state.ts";
import type { WriterThread } from "./writer-thread.ts";

export interface PipelineParts {
  /** A connection that can read. */
  readonly database: DatabaseSync;
  readonly writer: WriterThread;
  readonly clock: Clock;
  /** Named in errors. */
  readonly directory: string;
}

/** Wait before retrying a file that could not be written. */
const retryMs = 250;
/** Batches between two removals of counters whose window is over. */
const forgetEvery = 10_000;

/** Whether a caller waits for the decision to be on disk. */
type Urgency = typeof soon | typeof whenConvenient;

const soon = "soon";
const whenConvenient = "when convenient";

/**
 * The longest delay before the end of a call is written. If we crash meanwhile, the hold is
 * charged.
 */
const convenientMs = 2;

/**
 * When a batch fails, the books are re-read from the file, every waiting caller learns whether the
 * batch is there, and commands answered before they were on disk are decided again, so no charge is
 * lost. While the file can be neither written nor read, callers of that batch keep waiting: its
 * fate is unknown. Until a batch succeeds, only ends of calls are accepted, and nothing is reported
 * as durable.
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  #state: JournalState;
  /** While a batch is written, the next one gathers: the more calls, the larger the batch. */
  #writing: Gathering | null = null;
  #batches = 0;
  #isScheduled = false;
  #convenient: NodeJS.Timeout | undefined;
  #isForgetting = false;
  #failure: PurserError | undefined;
  /** The file is damaged. This is permanent, even if writes still succeed. */
  #damage: PurserError | undefined;
  /** The books are ahead of the file and have to be re-read. */
  #isStale = false;
  /**
   * The batch that failed. A writer that died may still have stored it; only the file can show
   * that.
   */
  #doubtful: Gathering | null = null;
  #whenRenewed: (() => void)[] = [];
  #retry: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#state = new JournalState(parts.database, parts.clock.now());
    parts.writer.expectBooked(this.#state.stagedBooked);
    parts.writer.onStuck(() => this.#probe());
  }

  get books(): Books {
    return this.#state.books;
  }

  /** The last entry that was decided. */
  get lastSeq(): number {
    return this.#state.lastSeq;
  }

  /** Whether any call was ever charged. */
  get hasCharges(): boolean {
    return this.#state.hasCharges;
  }

  /** Looks up a counter ahead of the entry that will name it. */
  meetCounter(key: CounterKey): void {
    this.#state.meetCounter(key);
  }

  /** Why writes or look-ups fail; null if all is well. */
  get problem(): PurserError | null {
    return this.#damage ?? this.#failure ?? null;
  }

  /** Decides for a caller who waits until the decision is on disk, or learns that it cannot be. */
  commit<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    const { problem } = this;
    if (problem) return Promise.reject(problem);
    try {
      return this.#whenDurable(this.#decide(command, soon));
    } catch (error) {
      return Promise.reject(this.#noteDamage(error));
    }
  }

  /**
   * Decides for a caller who does not wait: kept until its batch is on disk. While writes fail,
   * only ends of calls are accepted.
   */
  async decide<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    const { problem } = this;
    if (problem && !isEndOfCall(command)) throw problem;
    while (this.#isStale) await new Promise<void>((resolve) => this.#whenRenewed.push(resolve));
    try {
      return this.#decideAndKeep(command);
    } catch (error) {
      throw this.#noteDamage(error);
    }
  }

  /**
   * Resolves once everything decided so far is on disk.
   *
   * @throws PurserError `store_unavailable` if it cannot be written.
   */
  durable(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#whenDurable(undefined);
  }

  /** Resolves once readers find everything decided so far, or as much of it as could be written. */
  async readable(): Promise<void> {
    try {
      await this.durable();
      await this.#parts.writer.book();
    } catch {
      // Readers get the data that is there; errors go to those who write.
      this.#probe();
    }
  }

  /** Stops writing. */
  end(): void {
    this.#isEnded = true;
    if (this.#doubtful && this.#failure) refuse(this.#doubtful.waiters, this.#failure);
    clearTimeout(this.#retry);
    clearTimeout(this.#convenient);
  }

  #whenDurable<Answer>(answer: Answer): Promise<Answer> {
    const { gathering } = this.#state;
    if (gathering.entries.length > 0) this.#schedule(soon);
    const last = gathering.entries.length > 0 ? gathering : this.#writing;
    if (!last) return Promise.resolve(answer);
    return new Promise((resolve, reject) =>
      last.waiters.push({ resolve: () => resolve(answer), reject }),
    );
  }

  #decide<C extends Command>(command: C, urgency: Urgency): AnswerOf[C["kind"]] {
    const { answer, entries } = decide(this.#state.books, command);
    if (entries.length > 0) {
      this.#state.record(entries);
      this.#schedule(urgency);
    }
    return answer;
  }

  #decideAndKeep<C extends Command>(command: C): AnswerOf[C["kind"]] {
    const { gathering } = this.#state;
    const before = gathering.entries.length;
    const answer = this.#decide(command, whenConvenient);
    if (gathering.entries.length > before) gathering.answered.push(command);
    return answer;
  }

  /**
   * Decisions made in the same turn of the event loop share a batch. If no one waits, we delay a
   * moment, since the next hold usually carries them along.
   */
  #schedule(urgency: Urgency): void {
    if (this.#failure || !this.#mayWrite()) return;
    if (urgency === soon && !this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#writeGathered());
    } else if (urgency === whenConvenient && !this.#isScheduled) {
      this.#convenient ??= setTimeout(() => this.#writeGathered(), convenientMs);
    }
  }

  #writeGathered(): void {
    this.#isScheduled = false;
    clearTimeout(this.#convenient);
    this.#convenient = undefined;
    if (!this.#failure && this.#mayWrite() && this.#state.gathering.entries.length > 0)
      this.#write();
  }

  #mayWrite(): boolean {
    return !this.#isEnded && !this.#isForgetting && !this.#writing;
  }

  #write(): void {
    this.#batches += 1;
    const { batch, gathered, booked } = this.#state.takeBatch();
    this.#writing = gathered;
    this.#parts.writer.write(batch, booked).then(
      () => this.#succeed(gathered),
      (cause: unknown) => this.#fail(gathered, cause),
    );
  }

  #succeed(gathered: Gathering): void {
    this.#writing = null;
    this.#failure = undefined;
    if (this.#batches % forgetEvery === 0) void this.#forget();
    this.#writeNext();
    for (const { resolve } of gathered.waiters) resolve();
  }

  #writeNext(): void {
    const { gathering } = this.#state;
    if (gathering.waiters.length > 0) this.#writeGathered();
    else if (gathering.entries.length > 0) this.#schedule(whenConvenient);
  }

  /**
   * Counters are forgotten once all changes are in the tables, where they can be found again.
   * Nothing is written meanwhile.
   */
  async #forget(): Promise<void> {
    this.#isForgetting = true;
    try {
      await this.#parts.writer.book();
      this.#state.books.forgetIdleCounters(this.#parts.clock.now());
    } catch {
      // They are forgotten next time; the next batch reports why the file cannot be written.
    } finally {
      this.#isForgetting = false;
      this.#writeNext();
    }
  }

  /**
   * Tests with a batch, possibly empty, whether the file can be written; if not, reports it and
   * retries.
   */
  #probe(): void {
    if (!this.#failure && this.#mayWrite()) this.#write();
  }

  #fail(gathered: Gathering, cause: unknown): void {
    this.#writing = null;
    const failure = this.#unavailable(cause);
    this.#failure = failure;
    this.#isStale = true;
    if (this.#isEnded) return refuse(gathered.waiters, failure);
    this.#doubtful = gathered;
    refuse(this.#state.gathering.waiters, failure);
    this.#tryAnew(failure);
  }

  /** Re-reads the books, at once or when the file can be read again, and later tries to write. */
  #tryAnew(failure: PurserError): void {
    try {
      if (this.#isStale) this.#startAnew();
    } catch (cause) {
      if (cause instanceof PurserError && cause.code === "bug") throw cause;
      this.#failure = this.#unavailable(
        new AggregateError([failure, cause], "it can be neither written nor read"),
      );
    }
    this.#retry = setTimeout(
      () => (this.#isStale ? this.#tryAnew(failure) : this.#write()),
      retryMs,
    );
  }

  /** Reads the books from the file, and decides again what was answered but is not there. */
  #startAnew(): void {
    const { gathering } = this.#state;
    this.#state = new JournalState(this.#parts.database, this.#parts.clock.now());
    this.#parts.writer.expectBooked(this.#state.stagedBooked);
    this.#isStale = false;
    const commands = [...this.#resolveDoubt(), ...gathering.answered];
    for (const command of commands) {
      try {
        this.#decideAndKeep(command);
      } catch (error) {
        // It ended a hold that never reached the disk, and whose caller got an error.
        if (!(error instanceof PurserError) || error.code === "bug") throw error;
      }
    }
    const waiting = this.#whenRenewed;
    this.#whenRenewed = [];
    for (const resolve of waiting) resolve();
  }

  /**
   * Reports to the callers of the failed batch whether it is on disk.
   *
   * @returns The commands to decide again.
   */
  #resolveDoubt(): readonly Command[] {
    const doubtful = this.#doubtful;
    this.#doubtful = null;
    if (!doubtful) return [];
    if (doubtful.entries.length > 0 && doubtful.firstSeq <= this.#state.lastSeqOnFile) {
      for (const { resolve } of doubtful.waiters) resolve();
      return [];
    }
    if (this.#failure) refuse(doubtful.waiters, this.#failure);
    return doubtful.answered;
  }

  /**
   * A look-up that fails because of damage fails every call that needs it, so no more are accepted.
   */
  #noteDamage(error: unknown): unknown {
    if (error instanceof PurserError || damageRemedyFor(error) === undefined) return error;
    this.#damage = damagedLedger(
      this.#parts.directory,
      error instanceof Error ? error.message : String(error),
      error,
    );
    return this.#damage;
  }

  #unavailable(cause: unknown): PurserError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new PurserError(
      "store_unavailable",
      `the ledger in ${this.#parts.directory} cannot be written: ${why}`,
      {
        field: "data",
        remedy:
          "Check that the disk has room and that the folder is writable; Purser retries automatically.",
        cause,
      },
    );
  }
}

function refuse(waiters: readonly Waiter[], failure: PurserError): void {
  for (const { reject } of waiters) reject(failure);
}

function isEndOfCall(command: Command): boolean {
  return command.kind === "settle" || command.kind === "release" || command.kind === "expire";
}
