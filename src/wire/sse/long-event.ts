/** Handles a server-sent event that is too large to keep: prunes its data as it passes. */

import { JsonPruner } from "../body/prune.ts";
import { linesOf, SseEvent } from "./event.ts";
import { carriageReturn, lineFeed, space } from "../ascii.ts";

const field = Buffer.from("data:");

export class LongEvent {
  readonly #pruner = new JsonPruner();
  /**
   * How many bytes of the field's name the current line has matched; -1 for a line of another
   * field.
   */
  #matched = 0;
  /** Whether the optional space after the colon may come next. */
  #isAtValue = false;

  /** Whether data was dropped that a meter might have read. */
  get isCut(): boolean {
    return this.#pruner.isCut;
  }

  /** Whether its data is one JSON value. */
  get isWhole(): boolean {
    return this.#pruner.isWhole;
  }

  /** Bytes of generated text that were dropped. */
  get unreadTextBytes(): number {
    return this.#pruner.unreadTextBytes;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#matched === field.length) at = this.#value(bytes, at);
      else if (this.#matched < 0) at = lineEnd(bytes, at);
      if (at < bytes.length) this.#name(bytes[at++] as number);
    }
  }

  /** The kept data, as an event of one line. */
  event(): SseEvent {
    const bytes = Buffer.concat([field, this.#pruner.take()]);
    return new SseEvent(bytes, linesOf(bytes));
  }

  /** Takes a byte at the beginning of a line, or a line end. */
  #name(byte: number): void {
    if (byte === lineFeed || byte === carriageReturn) this.#matched = 0;
    else if (this.#matched >= 0)
      this.#matched = byte === field[this.#matched] ? this.#matched + 1 : -1;
    this.#isAtValue = true;
  }

  /** @returns The position of the line's end, or the end of the bytes. */
  #value(bytes: Buffer, from: number): number {
    const end = lineEnd(bytes, from);
    const start = this.#isAtValue && bytes[from] === space ? from + 1 : from;
    this.#isAtValue = false;
    if (end > start) this.#pruner.push(bytes.subarray(start, end));
    return end;
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const feed = bytes.indexOf(lineFeed, from);
  const end = feed < 0 ? bytes.length : feed;
  const back = bytes.subarray(from, end).indexOf(carriageReturn);
  return back < 0 ? end : from + back;
}
