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
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) return reject(tooLarge(limitBytes));
      chunks.push(chunk);
    });
    request.on("end", () => {
      const [only] = chunks;
      if (!only) resolve(empty);
      else resolve(chunks.length === 1 ? only : Buffer.concat(chunks, length));
    });
    request.on("error", () => reject(new PurserError("invalid_request", "the body ended before its length", { field: "body" })));
  });
}

function tooLarge(limitBytes: number): PurserError {
  return new PurserError("too_large", `the body is larger than ${limitBytes} bytes`, {
    field: "body",
    remedy: "Send less, or raise limits.body_bytes in the configuration.",
  });
}
