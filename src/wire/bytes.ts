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
