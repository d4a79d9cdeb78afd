/** The ledger's end of the writer thread. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import { entryWidth, type Batch, type WriterData, type WriterMessage, type WriterRequest } from "./batch.ts";

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** To be called when a batch is booked; null for other requests. */
  readonly booked: (() => void) | null;
}

/** A batch that is on file and not yet booked. */
interface Unbooked {
  readonly number: number;
  readonly booked: () => void;
}

/** Writes batches in the order in which they are given. A thread that died is started anew with the next batch. */
export class WriterThread {
  readonly #data: WriterData;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  /** In the order in which they were given. */
  #unbooked: Unbooked[] = [];
  #lastNumber = 0;
  #starting: Promise<void> | undefined;
  #isClosed = false;
  #whenStuck: () => void = () => undefined;

  constructor(data: WriterData) {
    this.#data = data;
  }

  /** Resolves once the thread has the file open. @throws what kept it from doing so. */
  async start(): Promise<void> {
    // Built, the file is called .js.
    const worker = new Worker(new URL(`./writer${extname(import.meta.url)}`, import.meta.url), { workerData: this.#data });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the writer thread ended")));
    });
    worker.on("message", (message: WriterMessage) => this.#settle(message));
    worker.on("error", (error: unknown) => this.#lose(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#lose(worker, new Error("the writer thread ended")));
    this.#worker = worker;
  }

  /**
   * Resolves once the batch is on file. @throws Error when it is not, and then nothing of it is.
   *
   * @param booked Called later, when the batch is in the tables.
   */
  async write(batch: Batch, booked: () => void): Promise<void> {
    const number = this.#nextNumber();
    const entries = batch.entries.length / entryWidth;
    await this.#ask({ kind: "batch", number, text: JSON.stringify(batch), entries }, booked);
  }

  /** @param booked Called when all that is on file now is in the tables; of the batches before nobody is told any more. */
  expectBooked(booked: () => void): void {
    this.#unbooked = [{ number: 0, booked }];
  }

  /** @param stuck Called when batches that are on file could not be put into the tables. */
  onStuck(stuck: () => void): void {
    this.#whenStuck = stuck;
  }

  /** Resolves once all that was given before is in the tables. @throws Error when it cannot be written there. */
  async book(): Promise<void> {
    await this.#ask({ kind: "book", number: this.#nextNumber() });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#starting?.catch(() => undefined);
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    const exit = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage({ kind: "close" } satisfies WriterRequest);
    await exit;
  }

  #nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  async #ask(request: Exclude<WriterRequest, { kind: "close" }>, booked: (() => void) | null = null): Promise<void> {
    if (!this.#worker) await this.#startOnce();
    if (this.#isClosed) throw new Error("the writer is closed");
    await new Promise<void>((resolve, reject) => {
      this.#pending.set(request.number, { resolve, reject, booked });
      this.#worker?.postMessage(request);
    });
  }

  /** Whoever asks while a thread is being started waits for that one. */
  async #startOnce(): Promise<void> {
    if (this.#isClosed) return;
    this.#starting ??= this.start().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  #settle(message: WriterMessage): void {
    if (message.kind === "ready") return;
    if (message.kind === "booked") return this.#tellBooked(message.number);
    if (message.kind === "stuck") return this.#whenStuck();
    const pending = this.#pending.get(message.number);
    assert(pending !== undefined, "the writer answers what it was asked");
    this.#pending.delete(message.number);
    if (message.kind === "failed") return pending.reject(new Error(message.message));
    const { booked } = pending;
    if (booked) this.#unbooked.push({ number: message.number, booked });
    pending.resolve();
  }

  #tellBooked(upTo: number): void {
    const first = this.#unbooked.findIndex(({ number }) => number > upTo);
    const told = this.#unbooked.splice(0, first < 0 ? this.#unbooked.length : first);
    for (const { booked } of told) booked();
  }

  #lose(worker: Worker, error: Error): void {
    const isReplaced = this.#worker !== undefined && this.#worker !== worker;
    if (isReplaced) return;
    this.#worker = undefined;
    // The next thread books what is staged before it takes anything.
    this.#unbooked = this.#unbooked.map(({ booked }) => ({ number: 0, booked }));
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
