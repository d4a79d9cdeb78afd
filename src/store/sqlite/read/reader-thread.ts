/** The ledger's end of a reader thread. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { PurserError } from "../../../domain/error.ts";
import { unpack } from "./packed-rows.ts";
import type { Question, ReaderData, ReaderMessage } from "./query.ts";

interface Asked {
  /** The one that was asked. */
  readonly worker: Worker;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly progress: (share: number) => void;
  readonly method: Question["query"]["method"];
}

const lookAtIt = "Check the data folder; `purser verify` reports whether the file is intact.";

const usualRemedies: Readonly<Record<Asked["method"], string>> = {
  calls: lookAtIt,
  requestLines: lookAtIt,
  corrections: lookAtIt,
  refusals: lookAtIt,
  totals: lookAtIt,
  latencies: lookAtIt,
  distinct: lookAtIt,
  keyUses: lookAtIt,
  alerts: lookAtIt,
  count: lookAtIt,
  entries: lookAtIt,
  last: lookAtIt,
  check: lookAtIt,
  verify:
    "Check that the data folder can be read and that the folder for temporary files has room, and try again.",
};

/** Started by the first question; if it dies, the next question starts a new one. */
export class ReaderThread {
  readonly #data: ReaderData;
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #questions = 0;

  constructor(data: ReaderData) {
    this.#data = data;
  }

  /** @throws PurserError `store_unavailable` if the file cannot be read. */
  ask(
    query: Question["query"],
    progress: (share: number) => void = () => undefined,
  ): Promise<unknown> {
    const worker = (this.#worker ??= this.#start());
    this.#questions += 1;
    const number = this.#questions;
    return new Promise((resolve, reject) => {
      this.#asked.set(number, { worker, resolve, reject, progress, method: query.method });
      worker.postMessage({ number, query } satisfies Question);
    });
  }

  /** Answers the pending questions, then ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    const exit = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close");
    await exit;
  }

  #start(): Worker {
    // In the build, the file is named .js.
    const worker = new Worker(new URL(`./reader${extname(import.meta.url)}`, import.meta.url), {
      workerData: this.#data,
    });
    worker.on("message", (message: ReaderMessage) => this.#hear(message));
    worker.on("error", (error: Error) => this.#lose(worker, error));
    worker.on("exit", () => this.#lose(worker, new Error("the reader thread ended")));
    return worker;
  }

  #hear(message: ReaderMessage): void {
    const asked = this.#asked.get(message.number);
    if (!asked) return;
    if (message.kind === "progress") return asked.progress(message.share);
    this.#asked.delete(message.number);
    if (message.kind === "answer") asked.resolve(message.answer);
    // The thread may answer others, or end: all rows have arrived.
    else if (message.kind === "rows") asked.resolve(unpack(message.parts));
    else asked.reject(this.#unreadable(asked, message));
  }

  /** Called for the error and for the end of a thread: by the end, the next one may have questions. */
  #lose(worker: Worker, cause: Error): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const [number, asked] of this.#asked) {
      if (asked.worker !== worker) continue;
      this.#asked.delete(number);
      asked.reject(this.#unreadable(asked, { error: cause }));
    }
  }

  #unreadable(
    { method }: Asked,
    { error, remedy = usualRemedies[method] }: { readonly error: Error; readonly remedy?: string },
  ): PurserError {
    return new PurserError(
      "store_unavailable",
      `the ledger in ${this.#data.directory} cannot be read: ${error.message}`,
      {
        field: "data",
        remedy,
        cause: error,
      },
    );
  }
}
