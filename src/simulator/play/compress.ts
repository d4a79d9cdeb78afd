/** Compresses answers for callers that accept it. */

import type { Transform } from "node:stream";
import {
  brotliCompressSync,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";

export interface Compression {
  readonly name: string;
  readonly whole: (body: Buffer) => Buffer;
  /** For a stream: what is written and flushed can be read at once. */
  readonly start: () => Transform & Flushing;
}

/** The part of zlib's streams that plain transforms lack. */
export interface Flushing {
  flush(done: () => void): void;
}

const known: readonly Compression[] = [
  { name: "br", whole: (body) => brotliCompressSync(body), start: () => createBrotliCompress() },
  { name: "zstd", whole: (body) => zstdCompressSync(body), start: () => createZstdCompress() },
  { name: "gzip", whole: (body) => gzipSync(body), start: () => createGzip() },
  { name: "deflate", whole: (body) => deflateSync(body), start: () => createDeflate() },
];

/**
 * @returns The encoding that an Accept-Encoding header prefers; null if it accepts none, or likes
 *   plain bytes as much.
 */
export function compressionFor(accepted: string | undefined): Compression | null {
  if (accepted === undefined) return null;
  const weights = new Map(accepted.split(",").map(readWeight));
  const weightOf = (name: string): number => weights.get(name) ?? weights.get("*") ?? 0;
  const plain = weights.get("identity") ?? 0;
  const liked = known
    .filter(({ name }) => weightOf(name) > plain)
    .toSorted((left, right) => weightOf(right.name) - weightOf(left.name));
  return liked[0] ?? null;
}

function readWeight(part: string): readonly [name: string, weight: number] {
  const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return [name, weight === undefined ? 1 : Number(weight) || 0];
}
