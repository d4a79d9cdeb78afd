/** Splits a stream of server-sent events into whole events, and passes on the provider's own bytes. */

import { ByteBuffer } from "../byte-buffer.ts";
import { toBuffer } from "../bytes.ts";
import { Lines, linesOf, SseEvent } from "./event.ts";
import { LineEnds } from "./line-ends.ts";
import { LongEvent } from "./long-event.ts";

/** An unfinished event larger than this is passed on as it comes, and what is read of it is pruned. */
export const largestEventBytes = 2 * 1024 * 1024;

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
  readonly #kept = new ByteBuffer();
  /** The places of the lines of the current event, as far as it began in this chunk. */
  readonly #lines = new Lines();
  /** No byte of the current line has passed yet. */
  #lineIsEmpty = true;
  /** The byte before was a CR: an LF now belongs to it. */
  #afterReturn = false;
  #lastPassed = true;
  /** The event that is too large to be kept, while it lasts. */
  #long: LongEvent | null = null;
  #malformed = false;
  /** Of long events that have ended. */
  #unreadTextBytes = 0;

  constructor(options: SseSplitterOptions) {
    this.#onEvent = options.onEvent;
    this.#largest = options.largestEventBytes ?? largestEventBytes;
  }

  /** Whether an event was so large that some of it passed unread. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** Bytes of generated text that passed unread, since their event was too large. */
  get unreadTextBytes(): number {
    return this.#unreadTextBytes + (this.#long?.unreadTextBytes ?? 0);
  }

  /** Whether bytes of an event that has not ended have been passed on already. */
  get insideOversized(): boolean {
    return this.#long !== null;
  }

  /** @returns What to pass on now; it shares memory with the chunk. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    const passed = new Passed(chunk);
    const lineEnds = new LineEnds(bytes);
    let start = this.#halfLineEnd(passed, bytes);
    for (let end = this.#boundary(bytes, lineEnds, start); end >= 0; end = this.#boundary(bytes, lineEnds, end)) {
      this.#finishEvent(passed, bytes, { start, end });
      start = end;
    }
    if (start < bytes.length) this.#keepRest(passed, bytes, start);
    return passed.join();
  }

  /** What was kept back of an event that never ended. It is shown to `onEvent` first, as it may be whole but for the empty line. */
  end(): Uint8Array {
    if (this.#long) return this.#finishLong(this.#long, nothing);
    const rest = this.#kept.take();
    return rest.length > 0 && !this.#onEvent(new SseEvent(rest, linesOf(rest))) ? nothing : rest;
  }

  #finishEvent(passed: Passed, bytes: Buffer, at: { readonly start: number; readonly end: number }): void {
    if (this.#long) {
      this.#finishLong(this.#long, bytes.subarray(at.start, at.end));
      passed.addRun(at.start, at.end);
    } else if (this.#kept.length > 0) {
      this.#kept.add(bytes.subarray(at.start, at.end));
      const whole = this.#kept.take();
      this.#lastPassed = this.#onEvent(new SseEvent(whole, linesOf(whole)));
      if (this.#lastPassed) passed.add(whole);
    } else {
      this.#lastPassed = this.#onEvent(new SseEvent(bytes, this.#lines));
      if (this.#lastPassed) passed.addRun(at.start, at.end);
    }
    this.#lines.length = 0;
  }

  /** The LF of a CRLF that was cut in two shares the fate of the event that it ends. @returns The place behind it. */
  #halfLineEnd(passed: Passed, bytes: Buffer): number {
    const isHalf = this.#afterReturn && this.#lineIsEmpty && this.#kept.length === 0 && bytes[0] === lineFeed;
    if (!isHalf) return 0;
    this.#afterReturn = false;
    if (this.#lastPassed) passed.addRun(0, 1);
    return 1;
  }

  #keepRest(passed: Passed, bytes: Buffer, start: number): void {
    const rest = bytes.subarray(start);
    this.#lines.length = 0;
    if (this.#long) {
      this.#long.push(rest);
      passed.addRun(start, bytes.length);
    } else if (this.#kept.length + rest.length > this.#largest) {
      const begun = this.#kept.take();
      this.#long = new LongEvent();
      this.#long.push(begun);
      this.#long.push(rest);
      this.#lastPassed = true;
      if (begun.length > 0) passed.add(begun);
      passed.addRun(start, bytes.length);
    } else this.#kept.add(rest);
  }

  /** Shows what was kept of an event that has passed on already. @returns Nothing: none of it is kept back. */
  #finishLong(long: LongEvent, last: Uint8Array): Uint8Array {
    long.push(toBuffer(last));
    if (long.isCut || !long.isWhole) this.#malformed = true;
    this.#unreadTextBytes += long.unreadTextBytes;
    this.#long = null;
    this.#lastPassed = true;
    if (long.isWhole) this.#onEvent(long.event());
    return nothing;
  }

  /** The place behind the next empty line, or -1 when the bytes end before one does. Notes the lines on the way. */
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
        const end = lineEnds.next(at);
        this.#lines.add(at, end);
        at = end;
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

/** What is passed on of one chunk: the chunk itself as long as nothing was dropped from it or put before it. */
class Passed {
  readonly #chunk: Uint8Array;
  /** What stands before the run. */
  #pieces: Uint8Array[] | undefined;
  /** The bytes of the chunk that were passed last, without a gap. */
  #runStart = 0;
  #runEnd = 0;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }

  /** Bytes of the chunk itself; what comes later stands further behind. */
  addRun(start: number, end: number): void {
    if (start !== this.#runEnd) {
      this.#endRun();
      this.#runStart = start;
    }
    this.#runEnd = end;
  }

  /** Bytes that were kept from earlier chunks; they end with the first bytes of this one. */
  add(piece: Uint8Array): void {
    this.#endRun();
    (this.#pieces ??= []).push(piece);
  }

  join(): Uint8Array {
    if (!this.#pieces && this.#runEnd - this.#runStart === this.#chunk.length) return this.#chunk;
    this.#endRun();
    const [first = nothing, ...others] = this.#pieces ?? [];
    return others.length === 0 ? first : Buffer.concat([first, ...others]);
  }

  #endRun(): void {
    if (this.#runEnd > this.#runStart) (this.#pieces ??= []).push(this.#chunk.subarray(this.#runStart, this.#runEnd));
    this.#runStart = this.#runEnd;
  }
}
