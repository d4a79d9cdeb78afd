/** Bytes as they are, looked at without a copy. */

/** The same bytes, seen as a Buffer: chunks mostly are one already. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether a few known bytes stand at a place: sooner told here than by a call into native code. */
export function standsAt(bytes: Buffer, start: number, known: Uint8Array): boolean {
  for (let index = 0; index < known.length; index++) if (bytes[start + index] !== known[index]) return false;
  return true;
}

const quote = 0x22;

/**
 * Finds a quoted word. Its own bytes are searched and the quote before them is looked at afterwards: a search that begins with a quote
 * stops at every string of the text.
 *
 * @param word Without the quote that begins it, with the one that ends it and what may have to follow.
 * @returns The place behind it, or -1 where it does not stand at or behind `from`.
 */
export function behindQuoted(bytes: Buffer, word: Buffer, from = 0): number {
  for (let at = bytes.indexOf(word, from); at >= 0; at = bytes.indexOf(word, at + 1)) {
    if (at > from && bytes[at - 1] === quote) return at + word.length;
  }
  return -1;
}
