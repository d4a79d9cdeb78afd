/** Splits a stream of server-sent events into whole events, and passes on the provider's own bytes. */

import { SseEvent } from "./event.ts";
import { LineEnds } from "./line-ends.ts";

/** An unfinished event larger than this is passed on unread. */
export const largestEventBytes = 8 * 1024 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nothing = new Uint8Array(0);

export interface SseSplitterOptions {
  /** Sees each whole event once, in order. @returns Whether the event is passed on. */
  readonly onEvent: (event: SseEvent) => boolean;
  readonly largestEventBytes?: number;
}

/**
 * Takes bytes cut anywhere and gives back whole events only. Where a chunk ends with an event and none is dropped, the chunk itself
 * is given back. An event ends with an empty line; lines end with LF, CRLF or CR.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseSplitter {
  readonly #onEvent: (event: SseEvent) => boolean;
  readonly #largest: number;
  readonly #kept = new Kept();
  /** No byte of the current line has passed yet. */
  #lineIsEmpty = true;
  /** The byte before was a CR: an LF now belongs to it. */
  #afterReturn = false;
  #lastPassed = true;
  #oversized = false;
  #malformed = false;

  constructor(options: SseSplitterOptions) {
    this.#onEvent = options.onEvent;
    this.#largest = options.largestEventBytes ?? largestEventBytes;
  }

  /** Whether an event was too large to be kept, and so passed unread. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** Whether bytes of an event that has not ended have been passed on already. */
  get insideOversized(): boolean {
    return this.#oversized;
  }

  /** @returns What to pass on now; it shares memory with the chunk. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const passed = new Passed(chunk);
    let start = this.#halfLineEnd(passed, bytes);
    const lineEnds = new LineEnds(bytes);
    for (let end = this.#boundary(bytes, lineEnds, start); end >= 0; end = this.#boundary(bytes, lineEnds, end)) {
      this.#finishEvent(passed, bytes.subarray(start, end));
      start = end;
    }
    this.#keepRest(passed, bytes.subarray(start));
    return passed.join();
  }

  /** What was kept back of an event that never ended. It is shown to `onEvent` first, as it may be whole but for the empty line. */
  end(): Uint8Array {
    const rest = this.#kept.take(nothing);
    return rest.length > 0 && !this.#onEvent(new SseEvent(rest)) ? nothing : rest;
  }

  #finishEvent(passed: Passed, bytes: Buffer): void {
    if (this.#oversized) {
      this.#oversized = false;
      this.#lastPassed = true;
      passed.add(bytes);
      return;
    }
    const whole = this.#kept.length > 0 ? this.#kept.take(bytes) : bytes;
    this.#lastPassed = this.#onEvent(new SseEvent(whole));
    if (this.#lastPassed) passed.add(whole);
  }

  /** The LF of a CRLF that was cut in two shares the fate of the event that it ends. @returns The place behind it. */
  #halfLineEnd(passed: Passed, bytes: Buffer): number {
    const isHalf = this.#afterReturn && this.#lineIsEmpty && this.#kept.length === 0 && bytes[0] === lineFeed;
    if (!isHalf) return 0;
    this.#afterReturn = false;
    if (this.#lastPassed) passed.add(bytes.subarray(0, 1));
    return 1;
  }

  #keepRest(passed: Passed, rest: Buffer): void {
    if (rest.length === 0) return;
    if (!this.#oversized && this.#kept.length + rest.length > this.#largest) {
      this.#oversized = true;
      this.#malformed = true;
      this.#lastPassed = true;
      passed.add(this.#kept.take(rest));
    } else if (this.#oversized) passed.add(rest);
    else this.#kept.add(rest);
  }

  /** The place behind the next empty line, or -1 when the bytes end before one does. */
  #boundary(bytes: Buffer, lineEnds: LineEnds, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at];
      const completesReturn = this.#afterReturn && byte === lineFeed;
      this.#afterReturn = byte === carriageReturn;
      if (completesReturn) {
        at++;
      } else if (byte === lineFeed || byte === carriageReturn) {
        at++;
        if (this.#lineIsEmpty) return this.#behindFeed(bytes, at);
        this.#lineIsEmpty = true;
      } else {
        this.#lineIsEmpty = false;
        at = lineEnds.next(at);
      }
    }
    return -1;
  }

  /** Takes in the LF of a CRLF that ends an event. */
  #behindFeed(bytes: Buffer, at: number): number {
    if (!this.#afterReturn || bytes[at] !== lineFeed) return at;
    this.#afterReturn = false;
    return at + 1;
  }
}

/** The beginning of an event, kept until the rest comes. Grows by doubling, so that a large event in small pieces costs no more. */
class Kept {
  #bytes = Buffer.alloc(0);
  length = 0;

  add(more: Uint8Array): void {
    const needed = this.length + more.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.length === 0 ? needed : Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.length);
    this.length = needed;
  }

  take(last: Uint8Array): Buffer {
    this.add(last);
    const whole = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.alloc(0);
    this.length = 0;
    return whole;
  }
}

/** What is passed on of one chunk: the chunk itself as long as nothing was dropped from it or put before it. */
class Passed {
  readonly #chunk: Uint8Array;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }

  add(piece: Uint8Array): void {
    const last = this.#pieces.at(-1);
    this.#length += piece.length;
    if (last && last.buffer === piece.buffer && last.byteOffset + last.byteLength === piece.byteOffset) {
      this.#pieces[this.#pieces.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.byteLength + piece.byteLength);
    } else this.#pieces.push(piece);
  }

  join(): Uint8Array {
    const [first, second] = this.#pieces;
    if (!first) return nothing;
    if (second) return Buffer.concat(this.#pieces, this.#length);
    const isWholeChunk =
      first.buffer === this.#chunk.buffer && first.byteOffset === this.#chunk.byteOffset && first.length === this.#chunk.length;
    return isWholeChunk ? this.#chunk : first;
  }
}
