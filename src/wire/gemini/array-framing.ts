/** Splits a JSON array that a provider streams, element by element. */

import type { Framing } from "../answer/meter.ts";
import { toBuffer } from "../bytes.ts";

/** A longer element is passed on unread rather than kept for ever, in bytes. */
const longestElement = 8 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const opening: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const closing: ReadonlySet<number> = new Set([0x7d, 0x5d]);

/** Keeps the element that is not whole yet. Depth 1 is inside the array, 2 inside an element. */
export class ArrayFraming implements Framing {
  readonly separator = "";
  readonly #take: (data: Buffer) => void;
  #kept: Buffer = Buffer.alloc(0);
  /** How far into the kept bytes the walk has come. */
  #at = 0;
  #elementStart = 0;
  #depth = 0;
  #inString = false;
  #elements = 0;
  #closed = false;
  #hasPassedEnd = false;
  #passedElements = 0;
  #malformed = false;

  /** @param take Is given each whole element. */
  constructor(take: (data: Buffer) => void) {
    this.#take = take;
  }

  get malformed(): boolean {
    return this.#malformed;
  }

  /** Whether the caller has the closing bracket. */
  get hasPassedEnd(): boolean {
    return this.#hasPassedEnd;
  }

  /** How many elements the caller has. */
  get passedElements(): number {
    return this.#passedElements;
  }

  passed(): void {
    this.#hasPassedEnd = this.#closed;
    this.#passedElements = this.#elements;
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    this.#kept = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    let whole = 0;
    for (; this.#at < this.#kept.length; this.#at += 1) {
      const ended = this.#step(this.#kept[this.#at] ?? 0);
      if (ended || this.#closed) whole = this.#at + 1;
    }
    if (this.#kept.length - whole > longestElement) {
      this.#malformed = true;
      whole = this.#kept.length;
    }
    return this.#release(whole);
  }

  end(): Uint8Array {
    return this.#release(this.#kept.length);
  }

  /** @returns Whether this byte ends an element. */
  #step(byte: number): boolean {
    if (this.#inString) {
      if (byte === backslash) this.#at += 1;
      else if (byte === quote) this.#inString = false;
      return false;
    }
    if (byte === quote) this.#inString = true;
    else if (opening.has(byte)) this.#open();
    else if (closing.has(byte)) return this.#close();
    return false;
  }

  #open(): void {
    this.#depth += 1;
    if (this.#depth === 2) this.#elementStart = this.#at;
  }

  #close(): boolean {
    this.#depth -= 1;
    if (this.#depth < 0) this.#malformed = true;
    if (this.#depth <= 0) this.#closed = true;
    if (this.#depth !== 1) return false;
    this.#elements += 1;
    if (this.#elementStart >= 0) this.#take(this.#kept.subarray(this.#elementStart, this.#at + 1));
    return true;
  }

  #release(length: number): Uint8Array {
    const passed = this.#kept.subarray(0, length);
    this.#kept = this.#kept.subarray(length);
    this.#at -= length;
    this.#elementStart -= length;
    return passed;
  }
}
