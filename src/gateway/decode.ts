/** Undoing a content encoding that a provider used although none was asked for: usage cannot be read in compressed bytes. */

import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Transform } from "node:stream";

export interface Decoder {
  write(chunk: Uint8Array): void;
  end(): void;
  destroy(): void;
}

interface Decoded {
  data(chunk: Uint8Array): void;
  end(): void;
  fail(message: string): void;
}

const makers: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** @returns null when the bytes can be read as they are. */
export function decoderFor(encoding: string | readonly string[], decoded: Decoded): Decoder | null {
  if (encoding === "identity") return null;
  const make = typeof encoding === "string" ? makers[encoding.trim().toLowerCase()] : undefined;
  if (!make) return null;
  const transform = make();
  transform.on("data", (chunk: Buffer) => decoded.data(chunk));
  transform.on("end", () => decoded.end());
  transform.on("error", (error) => decoded.fail(`its ${String(encoding)} answer could not be decoded: ${error.message}`));
  return {
    write: (chunk) => transform.write(chunk),
    end: () => transform.end(),
    destroy: () => transform.destroy(),
  };
}
