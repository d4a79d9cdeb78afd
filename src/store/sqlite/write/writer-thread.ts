/** The ledger's end of the writer thread. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import {
  entryWidth,
  type Batch,
  type WriterData,
  type WriterMessage,
  type WriterRequest,
} from "./batch.ts";

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Called when a batch is booked; null for other requests. */
  readonly booked: (() => void) | null;
}

/** A batch that is on disk and not booked yet. */
interface Unbooked {
  readonly number: number;
  readonly booked: () => void;
}

/** Writes batches in the given order. If the thread dies, the next batch starts a new one. */
export class WriterThread {
  readonly #data: WriterData;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();
  /** In the given order. */
  #unbooked: Unbooked[] = [];
  #lastNumber = 0;
  #starting: Promise<void> | undefined;
  #isClosed = false;
  #whenStuck: () => void = () => undefined;
  #whenBooked: () => void = () => undefined;

  constructor(data: WriterData) {
    this.#data = data;
  }

  /** Resolves once the thread has the file open. @throws The error that prevented it. */
  async start(): Promise<void> {
    // In the build, the file is named .js.
    const worker = new Worker(new URL(`./writer${extname(import.meta.url)}`, import.meta.url), {
      workerData: this.#data,
    });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the writer thread ended")));
    });
    worker.on("message", (message: WriterMessage) => this.#settle(message));
    worker.on("error", (error: unknown) =>
      this.#lose(worker, error instanceof Error ? error : new Error(String(error))),
    );
    worker.on("exit", () => this.#lose(worker, new Error("the writer thread ended")));
    this.#worker = worker;
  }

  /**
   * Resolves once the batch is on disk.
   *
   * @param booked Called later, when the batch is in the tables.
   * @throws Error if it is not on disk; then no part of it is.
   */
  async write(batch: Batch, booked: () => void): Promise<void> {
    const number = this.#nextNumber();
    const entries = batch.entries.length / entryWidth;
    await this.#ask({ kind: "batch", number, text: JSON.stringify(batch), entries }, booked);
  }

  /**
   * @param booked Called when everything now on disk is in the tables; callbacks of earlier batches
   *   are dropped.
   */
  expectBooked(booked: () => void): void {
    this.#unbooked = [{ number: 0, booked }];
  }

  /** @param booked Called whenever more entries are in the tables. */
  onBooked(booked: () => void): void {
    this.#whenBooked = booked;
  }

  /** @param stuck Called when batches on disk could not be put into the tables. */
  onStuck(stuck: () => void): void {
    this.#whenStuck = stuck;
  }

  /**
   * Resolves once everything before it is in the tables.
   *
   * @throws Error if it cannot be written there.
   */
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

  async #ask(
    request: Exclude<WriterRequest, { kind: "close" }>,
    booked: (() => void) | null = null,
  ): Promise<void> {
    if (!this.#worker) await this.#startOnce();
    if (this.#isClosed) throw new Error("the writer is closed");
    await new Promise<void>((resolve, reject) => {
      this.#pending.set(request.number, { resolve, reject, booked });
      this.#worker?.postMessage(request);
    });
  }

  /** Callers that ask while a thread is starting wait for that one. */
  async #startOnce(): Promise<void> {
    if (this.#isClosed) return;
    this.#starting ??= this.start().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  #settle(message: WriterMessage): void {
    if (message.kind === "ready") return;
    if (message.kind === "booked") return this.#reportBooked(message.number);
    if (message.kind === "stuck") return this.#whenStuck();
    const pending = this.#pending.get(message.number);
    assert(pending !== undefined, "the writer answers what it was asked");
    this.#pending.delete(message.number);
    if (message.kind === "failed") return pending.reject(new Error(message.message));
    const { booked } = pending;
    if (booked) this.#unbooked.push({ number: message.number, booked });
    pending.resolve();
  }

  #reportBooked(upTo: number): void {
    const first = this.#unbooked.findIndex(({ number }) => number > upTo);
    const booked = this.#unbooked.splice(0, first < 0 ? this.#unbooked.length : first);
    for (const batch of booked) batch.booked();
    this.#whenBooked();
  }

  #lose(worker: Worker, error: Error): void {
    const isReplaced = this.#worker !== undefined && this.#worker !== worker;
    if (isReplaced) return;
    this.#worker = undefined;
    // The next thread books the staged batches before it accepts any.
    this.#unbooked = this.#unbooked.map(({ booked }) => ({ number: 0, booked }));
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
