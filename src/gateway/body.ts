/** Reads a request body, up to a size limit. */

import type { IncomingMessage } from "node:http";
import { PurserError } from "../domain/error.ts";

const empty = Buffer.alloc(0);

/**
 * @param limitBytes A longer body is refused as early as possible.
 * @throws PurserError `too_large`, or `invalid_request` if the caller disconnects early.
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
    request.on("error", () =>
      reject(
        new PurserError("invalid_request", "the body ended before its length", { field: "body" }),
      ),
    );
  });
}

/** Limits the initial allocation, for callers that announce a large body and send little of it. */
const mostAtOnce = 1024 * 1024;

/**
 * Collects a body in one buffer, allocated at the announced length if there is one, to copy it only
 * once.
 */
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

  /** @param chunk Its memory may be freed; use {@link bytes} afterwards. */
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
    return this.#buffer.length === this.#length
      ? this.#buffer
      : this.#buffer.subarray(0, this.#length);
  }

  #makeRoom(length: number): void {
    // A first chunk with the whole announced length is used as is: it is the network's memory, so
    // never write to it.
    if (length <= this.#buffer.length && this.#length > 0) return;
    const old = this.#buffer;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(length, Math.min(this.#announced, mostAtOnce), old.length * 2),
    );
    old.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    if (old !== empty) giveBack(old);
  }
}

/**
 * Frees the memory of copied chunks at once, without waiting for the garbage collector, which large
 * bodies would keep busy.
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
