/** Splits a stream of JSON lines into events, one per line. */

import { isJson, type Framing } from "../answer/meter.ts";
import { JsonPruner } from "../body/index.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import { toBuffer } from "../bytes.ts";

/** A longer line is passed on as it arrives, and the copy that is read is pruned. In bytes. */
const longestLine = 2 * 1024 * 1024;
const lineFeed = 0x0a;
const nothing = Buffer.alloc(0);

/** Holds the unfinished line. The last line may lack its line end. */
export class LineFraming implements Framing {
  readonly #take: (line: Buffer) => void;
  readonly #kept = new ByteBuffer();
  /** The current line, if it is too long to keep. */
  #long: JsonPruner | null = null;
  #malformed = false;
  /** From long lines that have ended. */
  #unreadTextBytes = 0;

  /** @param take Receives each line that is not blank. */
  constructor(take: (line: Buffer) => void) {
    this.#take = take;
  }

  get malformed(): boolean {
    return this.#malformed;
  }

  get unreadTextBytes(): number {
    return this.#unreadTextBytes + (this.#long?.unreadTextBytes ?? 0);
  }

  get separator(): string {
    return this.#long ? "\n" : "";
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    const end = bytes.lastIndexOf(lineFeed) + 1;
    const whole = end > 0 ? this.#takeLines(bytes.subarray(0, end)) : nothing;
    const passed = this.#keep(bytes.subarray(end));
    return passed.length === 0 ? whole : Buffer.concat([whole, passed]);
  }

  end(): Uint8Array {
    if (this.#long) this.#finishLong(this.#long, nothing);
    const rest = this.#kept.take();
    if (isJson(rest)) this.#takeLine(rest);
    return rest;
  }

  /** @param bytes End with a line end. @returns What to pass on. */
  #takeLines(bytes: Buffer): Buffer {
    let whole = bytes;
    let start = 0;
    if (this.#long) {
      start = bytes.indexOf(lineFeed) + 1;
      this.#finishLong(this.#long, bytes.subarray(0, start));
    } else if (this.#kept.length > 0) {
      this.#kept.add(bytes);
      whole = this.#kept.take();
    }
    for (let end = whole.indexOf(lineFeed, start); end >= 0; end = whole.indexOf(lineFeed, start)) {
      this.#takeLine(whole.subarray(start, end));
      start = end + 1;
    }
    return whole;
  }

  #takeLine(line: Buffer): void {
    if (line.some((byte) => byte > 0x20)) this.#take(line);
  }

  #finishLong(long: JsonPruner, last: Buffer): void {
    long.push(last);
    if (long.isCut || !long.isWhole) this.#malformed = true;
    this.#unreadTextBytes += long.unreadTextBytes;
    this.#long = null;
    if (long.isWhole) this.#takeLine(long.take());
  }

  /** @returns What to pass on although its line has not ended. */
  #keep(rest: Buffer): Buffer {
    if (this.#long) {
      this.#long.push(rest);
      return rest;
    }
    this.#kept.add(rest);
    if (this.#kept.length <= longestLine) return nothing;
    this.#long = new JsonPruner();
    const begun = this.#kept.take();
    this.#long.push(begun);
    return begun;
  }
}
