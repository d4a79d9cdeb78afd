/** Splits JSON lines, an event a line. */

import { isJson, type Framing } from "../answer/meter.ts";
import { toBuffer } from "../bytes.ts";

/** A longer line is passed on unread rather than kept for ever, in bytes. */
const longestLine = 8 * 1024 * 1024;
const lineFeed = 0x0a;

/** Keeps the line that is not whole yet. The last one may lack its line end. */
export class LineFraming implements Framing {
  readonly #take: (line: Buffer) => void;
  #kept: Buffer = Buffer.alloc(0);
  #skipping = false;
  #malformed = false;

  /** @param take Is given each line that is not blank. */
  constructor(take: (line: Buffer) => void) {
    this.#take = take;
  }

  get malformed(): boolean {
    return this.#malformed;
  }

  get separator(): string {
    return this.#skipping ? "\n" : "";
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    const ending = bytes.lastIndexOf(lineFeed);
    const kept = this.#kept;
    this.#kept = Buffer.concat([kept, bytes]);
    if (ending >= 0) return this.#release(kept.length + ending + 1);
    if (!this.#skipping && this.#kept.length <= longestLine) return Buffer.alloc(0);
    this.#skipping = true;
    this.#malformed = true;
    return this.#cut(this.#kept.length);
  }

  end(): Uint8Array {
    const rest = this.#cut(this.#kept.length);
    if (!this.#skipping && isJson(rest)) this.#takeLine(rest);
    return rest;
  }

  #release(length: number): Buffer {
    const whole = this.#cut(length);
    let start = 0;
    for (let end = whole.indexOf(lineFeed); end >= 0; end = whole.indexOf(lineFeed, start)) {
      if (this.#skipping) this.#skipping = false;
      else this.#takeLine(whole.subarray(start, end));
      start = end + 1;
    }
    return whole;
  }

  #takeLine(line: Buffer): void {
    if (line.some((byte) => byte > 0x20)) this.#take(line);
  }

  #cut(length: number): Buffer {
    const cut = this.#kept.subarray(0, length);
    this.#kept = this.#kept.subarray(length);
    return cut;
  }
}
