/** Finds line ends, LF or CR, one after another. */

import { carriageReturn, lineFeed } from "../ascii.ts";

/**
 * Caches the next position of each byte, so that a long stretch with only one of them is not
 * searched again for every line.
 */
export class LineEnds {
  readonly #bytes: Buffer;
  #nextFeed = -1;
  #nextReturn = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * The position of the next line end, or the length of the bytes. @param from Must not decrease
   * between calls.
   */
  next(from: number): number {
    if (this.#nextFeed < from) this.#nextFeed = this.#find(lineFeed, from);
    if (this.#nextReturn < from) this.#nextReturn = this.#find(carriageReturn, from);
    return Math.min(this.#nextFeed, this.#nextReturn);
  }

  #find(byte: number, from: number): number {
    const found = this.#bytes.indexOf(byte, from);
    return found < 0 ? this.#bytes.length : found;
  }
}
