/** Reading a request's body, up to a limit. */

import type { IncomingMessage } from "node:http";
import { PurserError } from "../domain/error.ts";

const empty = Buffer.alloc(0);

/**
 * @param limitBytes A longer body is refused as soon as that is known.
 * @throws PurserError `too_large`, or `invalid_request` when the caller leaves before the end.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const collected = new Collected(announced);
    request.on("data", (chunk: Buffer) => {
      if (collected.length + chunk.length > limitBytes) return reject(tooLarge(limitBytes));
      collected.add(chunk);
    });
    request.on("end", () => resolve(collected.bytes()));
    request.on("error", () => reject(new PurserError("invalid_request", "the body ended before its length", { field: "body" })));
  });
}

/** A caller who announces a large body and sends little of it takes no more memory than this. */
const mostAtOnce = 1024 * 1024;

/** A body in one piece: where its length is announced, in memory of that length from the start, so that it is copied once. */
class Collected {
  readonly #announced: number;
  #buffer: Buffer = empty;
  #length = 0;

  constructor(announced: number) {
    this.#announced = announced;
  }

  get length(): number {
    return this.#length;
  }

  /** @param chunk Its memory may be given back: only the bytes of {@link bytes} are there to be read afterwards. */
  add(chunk: Buffer): void {
    const isWhole = this.#length === 0 && chunk.length >= this.#announced;
    const length = this.#length + chunk.length;
    if (isWhole) this.#buffer = chunk;
    else {
      this.#makeRoom(length);
      chunk.copy(this.#buffer, this.#length);
      giveBack(chunk);
    }
    this.#length = length;
  }

  bytes(): Buffer {
    return this.#buffer.length === this.#length ? this.#buffer : this.#buffer.subarray(0, this.#length);
  }

  #makeRoom(length: number): void {
    // A first chunk that was all there was expected to be is the network's own memory, and is not written to.
    if (length <= this.#buffer.length && this.#length > 0) return;
    const old = this.#buffer;
    const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#announced, mostAtOnce), old.length * 2));
    old.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    if (old !== empty) giveBack(old);
  }
}

/**
 * Frees the memory of bytes that were copied and that nobody else has: now, and not when the garbage collector finds it. Large bodies
 * leave so many of them that it would run for little else.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function tooLarge(limitBytes: number): PurserError {
  return new PurserError("too_large", `the body is larger than ${limitBytes} bytes`, {
    field: "body",
    remedy: "Send less, or raise limits.body_bytes in the configuration.",
  });
}
