/** Splits a streamed JSON array into its elements. */

import type { EventReader, Framing } from "../answer/framing.ts";
import { JsonPruner } from "../body/index.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import { toBuffer } from "../bytes.ts";
import { backslash, closeBrace, closeBracket, openBrace, openBracket, quote } from "../ascii.ts";

/** A longer element is passed on as it arrives, and the copy that is read is pruned. In bytes. */
const longestElement = 2 * 1024 * 1024;

const nothing = Buffer.alloc(0);
const opening: ReadonlySet<number> = new Set([openBrace, openBracket]);
const closing: ReadonlySet<number> = new Set([closeBrace, closeBracket]);

/** Holds the unfinished element. Depth 1 is inside the array, 2 inside an element. */
export class ArrayFraming implements Framing {
  readonly separator = "";
  readonly #reader: Pick<EventReader, "take">;
  readonly #hasBracket: boolean;
  /** Bytes not passed on: the beginning of an element, and what precedes it. */
  readonly #kept = new ByteBuffer();
  /** Position of the open element in the kept bytes; -1 if there is none. */
  #keptStart = -1;
  /** The current element, if it is too large to keep. */
  #long: JsonPruner | null = null;
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  #elements = 0;
  #closed = false;
  #hasPassedEnd = false;
  #passedElements = 0;
  #malformed = false;
  /** From long elements that have ended. */
  #unreadTextBytes = 0;

  /**
   * @param reader Receives each complete element.
   * @param hasBracket False if the elements come without an array.
   */
  constructor(
    reader: Pick<EventReader, "take">,
    { hasBracket = true }: { readonly hasBracket?: boolean } = {},
  ) {
    this.#reader = reader;
    this.#hasBracket = hasBracket;
    if (!hasBracket) this.#depth = 1;
  }

  get malformed(): boolean {
    return this.#malformed;
  }

  get unreadTextBytes(): number {
    return this.#unreadTextBytes + (this.#long?.unreadTextBytes ?? 0);
  }

  /** Whether the caller has received the closing bracket, or all of an object without one. */
  get hasPassedEnd(): boolean {
    return this.#hasPassedEnd;
  }

  /** How many elements the caller has received. */
  get passedElements(): number {
    return this.#passedElements;
  }

  passed(): void {
    this.#hasPassedEnd = this.#hasBracket ? this.#closed : this.#elements > 0;
    this.#passedElements = this.#elements;
  }

  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    /** Position of the open element in the chunk; 0 if it began in an earlier one. */
    let start = 0;
    let whole = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const depth = this.#depth;
      this.#step(bytes[at] as number);
      if (depth === 1 && this.#depth === 2) start = at;
      const hasEnded = depth === 2 && this.#depth === 1;
      if (hasEnded) this.#finish(bytes.subarray(start, at + 1));
      if (hasEnded || this.#closed) start = whole = at + 1;
    }
    const passed = bytes.subarray(0, whole);
    const kept = whole > 0 ? this.#kept.take() : nothing;
    return joined([kept, passed, this.#keep(bytes.subarray(whole), start - whole)]);
  }

  end(): Uint8Array {
    if (this.#long) this.#finishLong(this.#long, nothing);
    return this.#kept.take();
  }

  #step(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#inString) {
      if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) this.#inString = true;
    else if (opening.has(byte)) this.#depth += 1;
    else if (closing.has(byte)) this.#close();
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth < 0) this.#malformed = true;
    if (this.#depth <= 0) this.#closed = true;
  }

  /** @param last The end of an element; all of it if it began in this chunk. */
  #finish(last: Buffer): void {
    this.#elements += 1;
    if (this.#long) this.#finishLong(this.#long, last);
    else
      this.#reader.take(
        this.#keptStart < 0 ? last : joined([this.#kept.view.subarray(this.#keptStart), last]),
      );
    this.#keptStart = -1;
  }

  #finishLong(long: JsonPruner, last: Buffer): void {
    long.push(last);
    if (long.isCut || !long.isWhole) this.#malformed = true;
    this.#unreadTextBytes += long.unreadTextBytes;
    this.#long = null;
    if (long.isWhole) this.#reader.take(long.take());
  }

  /**
   * Keeps an unfinished element, unless it is too large.
   *
   * @param start Position of the open element in the bytes, if there is one.
   * @returns What to pass on anyway.
   */
  #keep(rest: Buffer, start: number): Buffer {
    const isOpen = this.#depth > 1;
    if (this.#long) {
      this.#long.push(rest);
      return rest;
    }
    if (isOpen && this.#keptStart < 0) this.#keptStart = this.#kept.length + start;
    this.#kept.add(rest);
    if (this.#kept.length <= longestElement) return nothing;
    const passed = this.#kept.take();
    if (isOpen) {
      this.#long = new JsonPruner();
      this.#long.push(passed.subarray(this.#keptStart));
    } else this.#malformed = true;
    this.#keptStart = -1;
    return passed;
  }
}

/** Joins the pieces, without copying if only one has bytes. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first = nothing, ...others] = pieces.filter((piece) => piece.length > 0);
  return others.length === 0 ? first : Buffer.concat([first, ...others]);
}
