/** Bytes that are gathered piece by piece. */

const empty = Buffer.alloc(0);

/** Grows by doubling, so that many small pieces cost no more than one large one. */
export class ByteBuffer {
  #bytes = empty;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was gathered so far, without a copy: to be read before anything is added or taken. */
  get view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(more: Uint8Array): void {
    this.#makeRoom(this.#length + more.length);
    this.#bytes.set(more, this.#length);
    this.#length += more.length;
  }

  addByte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#makeRoom(this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  /** Gives all of it away, and begins anew. */
  take(): Buffer {
    const whole = this.view;
    this.#bytes = empty;
    this.#length = 0;
    return whole;
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(
      this.#length === 0 ? needed : Math.max(needed, this.#bytes.length * 2),
    );
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
