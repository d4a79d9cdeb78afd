/**
 * The connection of one answer: writes with back-pressure, waits that end when the caller leaves,
 * aborts.
 */

import type { ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Compression, Flushing } from "./compress.ts";

export class Line {
  readonly #response: ServerResponse;
  readonly #compressed: (Transform & Flushing) | null;
  #closed = false;
  #wake: (() => void) | null = null;

  /** @param compression Applied to everything written, piece by piece. */
  constructor(response: ServerResponse, compression: Compression | null = null) {
    this.#response = response;
    this.#compressed =
      compression?.start().on("data", (chunk: Buffer) => response.write(chunk)) ?? null;
    this.#compressed?.on("end", () => response.end());
    response.once("close", () => {
      this.#closed = true;
      this.#compressed?.destroy();
      this.#wake?.();
    });
  }

  /** Whether the caller has left, or the answer has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  head(status: number, headers: readonly string[]): void {
    this.#response.writeHead(status, headers as string[]);
  }

  /** Resolves when there is room for more, or the caller has left. */
  async write(text: string | Buffer): Promise<void> {
    if (this.#closed) return;
    // Nothing to send yet: only the headers.
    if (text.length === 0) this.#response.flushHeaders();
    else if (this.#compressed) await this.#compress(this.#compressed, text);
    else if (!this.#response.write(text))
      await this.#until((wake) => this.#response.once("drain", wake));
  }

  /** @param ms Infinity waits until the caller leaves. */
  async sleep(ms: number): Promise<void> {
    if (this.#closed || ms <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await this.#until((wake) => {
      if (ms !== Infinity) timer = setTimeout(wake, ms);
    });
    clearTimeout(timer);
  }

  end(text = ""): void {
    (this.#compressed ?? this.#response).end(text);
  }

  async #compress(compressed: Transform & Flushing, text: string | Buffer): Promise<void> {
    await this.#until((wake) => {
      compressed.write(text);
      compressed.flush(wake);
    });
    if (this.#response.writableNeedDrain && !this.#closed)
      await this.#until((wake) => this.#response.once("drain", wake));
  }

  /**
   * Drops the connection once pending writes are on their way.
   *
   * @param how `reset` as in a crash, `close` in an orderly way.
   */
  async drop(how: "reset" | "close"): Promise<void> {
    const { socket } = this.#response;
    if (!socket || this.#closed) return;
    await new Promise<void>((resolve) => {
      socket.write("", () => setImmediate(resolve));
    });
    if (how === "reset") socket.resetAndDestroy();
    else socket.destroySoon();
  }

  async #until(start: (wake: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      start(resolve);
    });
    this.#wake = null;
  }
}
