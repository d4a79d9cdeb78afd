/** Implements the reply port with Node's HTTP response. */

import type { ServerResponse } from "node:http";
import type { Reply, ReplyHeaders } from "../app/port/reply.ts";

/**
 * Node sends the head and a string body in one write. Up to this length, converting to a string
 * costs less than a second write.
 */
const inOneWrite = 16_384;

export class HttpReply implements Reply {
  readonly #response: ServerResponse;
  readonly #calls: { readonly isClosing: boolean };
  #isOver = false;
  #gone = false;
  #whenGone: () => void = () => undefined;
  #whenDrained: () => void = () => undefined;
  #isFull = false;

  /** @param calls While it is closing, each new answer is the last of its connection. */
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
    else
      this.#response.end(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"),
        "latin1",
      );
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

  /** Adds a listener only when needed: few callers ever read too slowly. */
  #awaitDrain(): void {
    this.#isFull = true;
    this.#response.once("drain", () => {
      this.#isFull = false;
      this.#whenDrained();
    });
  }
}
