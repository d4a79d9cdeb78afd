/** Counts tokens in a worker thread, which is started on first use. */

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { CountedInput, CountedText, TokenCounter } from "../app/port/token-counter.ts";
import type { Tokenizer } from "../domain/estimate/tokenizer.ts";
import { PurserError } from "../domain/error.ts";
import type { CountAnswer, CountRequest } from "./message.ts";

interface Pending {
  readonly resolve: (answer: CountAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class ThreadCounter implements TokenCounter {
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #lastId = 0;

  /** Loads the encoding of most models, including its tables for characters without a token. */
  warm(): void {
    if (this.#worker) return;
    const text = Buffer.from("words, 漢字, 㐀㐁 and 🙂");
    // A later count reports the same error.
    this.countText(text, {
      encoding: "o200k_base",
      isPublic: true,
      expectedPercent: 100,
      boundPercent: 100,
    }).catch(() => undefined);
  }

  async countText(text: Uint8Array, tokenizer: Tokenizer): Promise<CountedText> {
    const answer = await this.#ask({ id: ++this.#lastId, kind: "text", text, tokenizer });
    if (answer.kind === "text") return answer.counted;
    throw failure(answer);
  }

  async countInput(body: Uint8Array, tokenizer: Tokenizer): Promise<CountedInput> {
    const answer = await this.#ask({ id: ++this.#lastId, kind: "input", body, tokenizer });
    if (answer.kind === "input") return answer.counted;
    throw failure(answer);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#rejectAll(new Error("the counting thread was closed"));
  }

  #ask(request: CountRequest): Promise<CountAnswer> {
    const worker = this.#started();
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject });
      worker.ref();
      worker.postMessage(request);
    });
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url));
    worker.on("message", (answer: CountAnswer) => this.#take(worker, answer));
    worker.on("error", (error) => this.#lose(worker, error));
    this.#worker = worker;
    return worker;
  }

  #take(worker: Worker, answer: CountAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) worker.unref();
    pending?.resolve(answer);
  }

  /** The next count starts a new thread. */
  #lose(worker: Worker, error: unknown): void {
    if (this.#worker === worker) this.#worker = null;
    this.#rejectAll(error instanceof Error ? error : new Error(String(error)));
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function failure(answer: CountAnswer): PurserError {
  const message =
    answer.kind === "failed" ? answer.message : "the counting thread answered another question";
  return new PurserError("bug", `tokens could not be counted: ${message}`);
}
