/** Compares and searches bytes without copying them. */

import { quote } from "./ascii.ts";

/** The same bytes as a Buffer, which most chunks are already. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes after a byte order mark, if they begin with one. */
export function withoutMark(bytes: Buffer): Buffer {
  return matchesAt(bytes, 0, byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes;
}

/** It may precede a text in UTF-8. */
export const byteOrderMark = Buffer.from("\uFEFF");

/**
 * Whether a few known bytes are at a position. For five bytes, the loop takes 9 ns and
 * `Buffer.compare` 120 (Node 26).
 */
export function matchesAt(bytes: Buffer, start: number, known: Uint8Array): boolean {
  for (let index = 0; index < known.length; index++)
    if (bytes[start + index] !== known[index]) return false;
  return true;
}

/**
 * Finds a quoted word. Searches for the word and then checks the quote before it, because a search
 * for the opening quote would stop at every string.
 *
 * @param word Without the opening quote; with the closing quote and any bytes that must follow.
 * @returns The position after it; -1 if it is not found from `from` on.
 */
export function afterQuoted(bytes: Buffer, word: Buffer, from = 0): number {
  for (let at = bytes.indexOf(word, from); at >= 0; at = bytes.indexOf(word, at + 1)) {
    if (at > from && bytes[at - 1] === quote) return at + word.length;
  }
  return -1;
}
