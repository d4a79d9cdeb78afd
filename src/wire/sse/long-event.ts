/** A server-sent event that is too large to be kept: its data is pruned as it passes. */

import { JsonPruner } from "../body/prune.ts";
import { linesOf, SseEvent } from "./event.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const field = Buffer.from("data:");

export class LongEvent {
  readonly #pruner = new JsonPruner();
  /** Bytes of the field's name that the current line has matched; -1 for a line of another field. */
  #matched = 0;
  /** Whether the space that may follow the colon can come now. */
  #isAtValue = false;

  /** Whether some of the data was left out that a meter might have read. */
  get isCut(): boolean {
    return this.#pruner.isCut;
  }

  /** Whether its data is one JSON value. */
  get isWhole(): boolean {
    return this.#pruner.isWhole;
  }

  /** Bytes of generated text that were left out. */
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

  /** What was kept, as an event of one line. */
  event(): SseEvent {
    const bytes = Buffer.concat([field, this.#pruner.take()]);
    return new SseEvent(bytes, linesOf(bytes));
  }

  /** A byte of a line's beginning, or a line end. */
  #name(byte: number): void {
    if (byte === lineFeed || byte === carriageReturn) this.#matched = 0;
    else if (this.#matched >= 0) this.#matched = byte === field[this.#matched] ? this.#matched + 1 : -1;
    this.#isAtValue = true;
  }

  /** @returns The place of the line's end, or that of the bytes. */
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
