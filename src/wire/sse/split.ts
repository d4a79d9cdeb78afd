/**
 * Splits a stream of server-sent events into complete events, and passes on the provider's own
 * bytes.
 */

import { ByteBuffer } from "../byte-buffer.ts";
import { toBuffer } from "../bytes.ts";
import { Lines, linesOf, SseEvent } from "./event.ts";
import { LineEnds } from "./line-ends.ts";
import { LongEvent } from "./long-event.ts";
import { carriageReturn, lineFeed } from "../ascii.ts";

/** A larger unfinished event is passed on as it arrives, and the copy that is read is pruned. */
export const largestEventBytes = 2 * 1024 * 1024;

const nothing = new Uint8Array(0);

export interface SseSplitterOptions {
  /** Receives each complete event once, in order. @returns Whether the event is passed on. */
  readonly onEvent: (event: SseEvent) => boolean;
  readonly largestEventBytes?: number;
}

/**
 * Takes bytes in arbitrary chunks and returns only complete events. If a chunk ends with an event
 * and none is dropped, the chunk itself is returned. An event ends with an empty line; lines end
 * with LF, CRLF or CR.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class SseSplitter {
  readonly #onEvent: (event: SseEvent) => boolean;
  readonly #largest: number;
  readonly #kept = new ByteBuffer();
  /** Positions of the current event's lines within this chunk. */
  readonly #lines = new Lines();
  /** No byte of the current line has arrived yet. */
  #lineIsEmpty = true;
  /** The previous byte was a CR: an LF now belongs to it. */
  #afterReturn = false;
  #lastPassed = true;
  /** The current event, if it is too large to keep. */
  #long: LongEvent | null = null;
  #malformed = false;
  /** From long events that have ended. */
  #unreadTextBytes = 0;

  constructor(options: SseSplitterOptions) {
    this.#onEvent = options.onEvent;
    this.#largest = options.largestEventBytes ?? largestEventBytes;
  }

  /** Whether part of an event passed unread because of its size. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** Bytes of generated text that passed unread because their event was too large. */
  get unreadTextBytes(): number {
    return this.#unreadTextBytes + (this.#long?.unreadTextBytes ?? 0);
  }

  /** Whether part of an unfinished event has already been passed on. */
  get insideOversized(): boolean {
    return this.#long !== null;
  }

  /** @returns What to pass on now. Shares memory with the chunk. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = toBuffer(chunk);
    const passed = new Passed(chunk);
    const lineEnds = new LineEnds(bytes);
    let start = this.#halfLineEnd(passed, bytes);
    for (
      let end = this.#boundary(bytes, lineEnds, start);
      end >= 0;
      end = this.#boundary(bytes, lineEnds, end)
    ) {
      this.#finishEvent(passed, bytes, { start, end });
      start = end;
    }
    if (start < bytes.length) this.#keepRest(passed, bytes, start);
    return passed.join();
  }

  /**
   * Returns the rest of an unfinished event, after showing it to `onEvent`: it may lack only its
   * empty line.
   */
  end(): Uint8Array {
    if (this.#long) return this.#finishLong(this.#long, nothing);
    const rest = this.#kept.take();
    return rest.length > 0 && !this.#onEvent(new SseEvent(rest, linesOf(rest))) ? nothing : rest;
  }

  #finishEvent(
    passed: Passed,
    bytes: Buffer,
    at: { readonly start: number; readonly end: number },
  ): void {
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

  /**
   * An LF cut off from its CR is passed on or dropped with the event that it ends. @returns The
   * position after it.
   */
  #halfLineEnd(passed: Passed, bytes: Buffer): number {
    const isHalf =
      this.#afterReturn && this.#lineIsEmpty && this.#kept.length === 0 && bytes[0] === lineFeed;
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

  /**
   * Shows the kept part of an event that was already passed on. @returns Empty: nothing is held
   * back.
   */
  #finishLong(long: LongEvent, last: Uint8Array): Uint8Array {
    long.push(toBuffer(last));
    if (long.isCut || !long.isWhole) this.#malformed = true;
    this.#unreadTextBytes += long.unreadTextBytes;
    this.#long = null;
    this.#lastPassed = true;
    if (long.isWhole) this.#onEvent(long.event());
    return nothing;
  }

  /** The position after the next empty line; -1 if there is none. Records the lines on the way. */
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
        if (this.#lineIsEmpty) return this.#afterLineFeed(bytes, at);
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

  /** Includes the LF of a CRLF that ends an event. */
  #afterLineFeed(bytes: Buffer, at: number): number {
    if (!this.#afterReturn || bytes[at] !== lineFeed) return at;
    this.#afterReturn = false;
    return at + 1;
  }
}

/**
 * The output for one chunk: the chunk itself, as long as nothing was dropped from it or prepended.
 */
class Passed {
  readonly #chunk: Uint8Array;
  /** The output before the run. */
  #pieces: Uint8Array[] | undefined;
  /** The bytes of the chunk passed on last, without a gap. */
  #runStart = 0;
  #runEnd = 0;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }

  /** Adds bytes of the chunk, in increasing order. */
  addRun(start: number, end: number): void {
    if (start !== this.#runEnd) {
      this.#endRun();
      this.#runStart = start;
    }
    this.#runEnd = end;
  }

  /** Adds bytes kept from earlier chunks; they end with the first bytes of this one. */
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
    if (this.#runEnd > this.#runStart)
      (this.#pieces ??= []).push(this.#chunk.subarray(this.#runStart, this.#runEnd));
    this.#runStart = this.#runEnd;
  }
}
