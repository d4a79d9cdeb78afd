/** The reply port over Node's own response. */

import type { ServerResponse } from "node:http";
import type { Reply, ReplyHeaders } from "../app/port/reply.ts";

/** Node joins a head and a body that is text to one write; of a short body, a text is made for less than a second write costs. */
const inOneWrite = 16_384;

export class HttpReply implements Reply {
  readonly #response: ServerResponse;
  readonly #calls: { readonly isClosing: boolean };
  #isOver = false;
  #gone = false;
  #whenGone: () => void = () => undefined;
  #whenDrained: () => void = () => undefined;
  #isFull = false;

  /** @param calls An answer that begins while no more calls are taken is the last one of its connection. */
  constructor(response: ServerResponse, calls: { readonly isClosing: boolean }) {
    this.#response = response;
    this.#calls = calls;
    response.on("close", () => {
      if (this.#isOver) return;
      this.#gone = true;
      this.#whenGone();
    });
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Whether anything was written. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  head(status: number, headers: ReplyHeaders): void {
    if (this.#gone) return;
    if (this.#calls.isClosing) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, headers as Record<string, string | string[]>);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#gone || this.#response.write(bytes)) return true;
    if (!this.#isFull) this.#awaitDrain();
    return false;
  }

  end(bytes?: Uint8Array | string): void {
    this.#isOver = true;
    if (this.#gone) return;
    if (bytes === undefined) this.#response.end();
    else if (typeof bytes === "string" || bytes.length > inOneWrite) this.#response.end(bytes);
    else this.#response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"), "latin1");
  }

  abort(): void {
    this.#isOver = true;
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#whenDrained = listener;
  }

  onGone(listener: () => void): void {
    this.#whenGone = listener;
  }

  /** Few answers are ever too much for their callers: only theirs are listened to. */
  #awaitDrain(): void {
    this.#isFull = true;
    this.#response.once("drain", () => {
      this.#isFull = false;
      this.#whenDrained();
    });
  }
}
