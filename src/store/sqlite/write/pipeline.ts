/** From decisions to the file: gathers what is decided into batches, and keeps the writer thread busy with them. */

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
  /** A connection that may read. */
  readonly database: DatabaseSync;
  readonly writer: WriterThread;
  readonly clock: Clock;
  /** Named in errors. */
  readonly directory: string;
}

/** How long a file that could not be written is left alone. */
const retryMs = 250;
/** Batches between two looks for counters whose window is over. */
const forgetEvery = 10_000;

/** Whether somebody waits for a decision to be on file. */
type Urgency = typeof soon | typeof whenConvenient;

const soon = "soon";
const whenConvenient = "when convenient";

/** How much later than it could be the end of a call is on file: a crash meanwhile charges what was held. */
const convenientMs = 2;

/**
 * When a batch fails, the books are read anew from the file, all who wait for it are told whether it is there, and the commands whose
 * answers had been given before they were on file are decided again, so that no charge is lost. While the file can be neither written
 * nor read, who waits for that batch goes on waiting: nobody can say what became of it. Until a batch succeeds, only ends of calls are
 * taken, and nothing is called durable.
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  #state: JournalState;
  /** While a batch is written, the next one gathers: the busier the calls, the larger it is. */
  #writing: Gathering | null = null;
  #batches = 0;
  #isScheduled = false;
  #convenient: NodeJS.Timeout | undefined;
  #isForgetting = false;
  #failure: PurserError | undefined;
  /** The file could not be read where it should be whole: it stays so, whatever can be written. */
  #damage: PurserError | undefined;
  /** The books are ahead of the file, and are still to be read anew. */
  #isStale = false;
  /** The batch that failed: a writer that died may have put it on file, which only the file can tell. */
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

  /** Of the last entry that was decided. */
  get lastSeq(): number {
    return this.#state.lastSeq;
  }

  /** Whether any call was ever charged. */
  get hasCharges(): boolean {
    return this.#state.hasCharges;
  }

  /** Looks a counter up ahead of the entry that will name it. */
  meetCounter(key: CounterKey): void {
    this.#state.meetCounter(key);
  }

  /** Why nothing can be written, or looked up; null while all is well. */
  get problem(): PurserError | null {
    return this.#damage ?? this.#failure ?? null;
  }

  /** Decides for a caller who waits until the decision is on file, or is told that it cannot be. */
  commit<C extends Command>(command: C): Promise<AnswerOf[C["kind"]]> {
    const { problem } = this;
    if (problem) return Promise.reject(problem);
    try {
      return this.#whenDurable(this.#decide(command, soon));
    } catch (error) {
      return Promise.reject(this.#noteDamage(error));
    }
  }

  /** Decides for a caller who does not wait: kept until its batch is on file. While that fails, only ends of calls are taken. */
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

  /** Resolves when all that was decided so far is on file. @throws PurserError `store_unavailable` when it cannot be written. */
  durable(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#whenDurable(undefined);
  }

  /** Resolves when readers find all that was decided so far, or what could be written of it. */
  async readable(): Promise<void> {
    try {
      await this.durable();
      await this.#parts.writer.book();
    } catch {
      // A reader is better served with what is there; what is wrong is told to those who write.
      this.#probe();
    }
  }

  /** Writes no more. */
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
    return new Promise((resolve, reject) => last.waiters.push({ resolve: () => resolve(answer), reject }));
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
   * What is decided in the same turn of the event loop goes into the same batch. What nobody waits for lets a moment pass, since the
   * next hold mostly takes it along.
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
    if (!this.#failure && this.#mayWrite() && this.#state.gathering.entries.length > 0) this.#write();
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

  /** Counters are forgotten when all that changed is in the tables, where they are found again. Nothing is written meanwhile. */
  async #forget(): Promise<void> {
    this.#isForgetting = true;
    try {
      await this.#parts.writer.book();
      this.#state.books.forgetIdleCounters(this.#parts.clock.now());
    } catch {
      // They are forgotten at the next occasion; the batch that comes now says what keeps the file from being written.
    } finally {
      this.#isForgetting = false;
      this.#writeNext();
    }
  }

  /** Finds out by a batch, be it an empty one, whether the file can be written; if not, that is told and tried again. */
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

  /** Reads the books anew, at once or when the file can be read again, and later tries to write. */
  #tryAnew(failure: PurserError): void {
    try {
      if (this.#isStale) this.#startAnew();
    } catch (cause) {
      if (cause instanceof PurserError && cause.code === "bug") throw cause;
      this.#failure = this.#unavailable(new AggregateError([failure, cause], "it can be neither written nor read"));
    }
    this.#retry = setTimeout(() => (this.#isStale ? this.#tryAnew(failure) : this.#write()), retryMs);
  }

  /** Reads the books from the file, and decides again what was answered and is not there. */
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
        // It ended a hold that nobody was promised: that hold was never on file, and its caller was told so.
        if (!(error instanceof PurserError) || error.code === "bug") throw error;
      }
    }
    const waiting = this.#whenRenewed;
    this.#whenRenewed = [];
    for (const resolve of waiting) resolve();
  }

  /** Tells those who wait for the batch that failed whether it is on file. @returns What is to be decided again. */
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

  /** A look-up that failed by damage fails for every call that needs it: from then on none is taken. */
  #noteDamage(error: unknown): unknown {
    if (error instanceof PurserError || damageRemedyFor(error) === undefined) return error;
    this.#damage = damagedLedger(this.#parts.directory, error instanceof Error ? error.message : String(error), error);
    return this.#damage;
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

function refuse(waiters: readonly Waiter[], failure: PurserError): void {
  for (const { reject } of waiters) reject(failure);
}

function isEndOfCall(command: Command): boolean {
  return command.kind === "settle" || command.kind === "release" || command.kind === "expire";
}
