/** The ledger's end of the writer thread. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { assert } from "../../../domain/assert.ts";
import type { Batch, WriterData, WriterMessage } from "./batch.ts";

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Writes batches in the order in which they are given. A thread that died is started anew with the next batch. */
export class WriterThread {
  readonly #data: WriterData;
  #worker: Worker | undefined;
  readonly #pending = new Map<number, Pending>();

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

  /** Resolves once the batch is on file. @throws Error when it is not, and then nothing of it is. */
  async write(batch: Batch): Promise<void> {
    if (!this.#worker) await this.start();
    await new Promise<void>((resolve, reject) => {
      this.#pending.set(batch.number, { resolve, reject });
      this.#worker?.postMessage(batch);
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    const exit = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close");
    await exit;
  }

  #settle(message: WriterMessage): void {
    if (message.kind === "ready") return;
    const pending = this.#pending.get(message.number);
    assert(pending !== undefined, "the writer answers a batch that it was given");
    this.#pending.delete(message.number);
    if (message.kind === "written") pending.resolve();
    else pending.reject(new Error(message.message));
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
