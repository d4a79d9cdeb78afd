/** One server-sent event: its fields, found among its bytes when they are asked for. */

import { standsAt } from "../bytes.ts";
import { LineEnds } from "./line-ends.ts";

const colon = 0x3a;
const space = 0x20;
const lineFeed = Buffer.from("\n");
const byteOrderMark = Buffer.from("\uFEFF");
const names = { data: Buffer.from("data"), event: Buffer.from("event"), error: Buffer.from("error") };
/** An event's lines begin with a field's name: no event begins like JSON. */
const jsonStarts: ReadonlySet<number | undefined> = new Set([0x7b, 0x5b]);

/** The places of the lines of one event that are not empty. One list is filled again and again: a stream has thousands of events. */
export class Lines {
  /** Starts and ends, the ends excluded, one after another; behind `length` is what is left of earlier events. */
  readonly #places: number[] = [];
  /** How many lines there are. */
  length = 0;

  add(start: number, end: number): void {
    this.#places[this.length * 2] = start;
    this.#places[this.length * 2 + 1] = end;
    this.length++;
  }

  start(line: number): number {
    return this.#places[line * 2] as number;
  }

  end(line: number): number {
    return this.#places[line * 2 + 1] as number;
  }
}

/** Can be read until the next event begins. */
export class SseEvent {
  readonly #bytes: Buffer;
  readonly #lines: Lines;

  /** @param lines Their places among the bytes. */
  constructor(bytes: Buffer, lines: Lines) {
    this.#bytes = bytes;
    this.#lines = lines;
  }

  /** The payload; undefined when it has none (a comment). */
  data(): Buffer | undefined {
    return this.#data() ?? this.#stray();
  }

  /** The value of its last `event` line. */
  name(): string | undefined {
    let last: Buffer | undefined;
    for (let line = 0; line < this.#lines.length; line++) last = this.#value(line, "event") ?? last;
    return last?.toString();
  }

  /** Its `data` lines, joined by LF where there are several. */
  #data(): Buffer | undefined {
    let first: Buffer | undefined;
    let pieces: Buffer[] | undefined;
    for (let line = 0; line < this.#lines.length; line++) {
      const value = this.#value(line, "data");
      if (!value) continue;
      if (first) (pieces ??= [first]).push(lineFeed, value);
      else first = value;
    }
    return pieces ? Buffer.concat(pieces) : first;
  }

  /** What went wrong, as servers write it in a stream without an event around it: bare JSON, or behind `error:` (llama.cpp). */
  #stray(): Buffer | undefined {
    if (this.#lines.length === 0) return undefined;
    const start = this.#lines.start(0);
    if (jsonStarts.has(this.#bytes[start])) return this.#bytes.subarray(start, this.#lines.end(this.#lines.length - 1));
    return this.#value(0, "error");
  }

  /** The value of a line `field: value`, without the one space that may follow the colon; undefined for a line of another field. */
  #value(line: number, field: "data" | "event" | "error"): Buffer | undefined {
    const bytes = this.#bytes;
    const end = this.#lines.end(line);
    let at = this.#lines.start(line);
    if (line === 0 && standsAt(bytes, at, byteOrderMark)) at += byteOrderMark.length;
    if (!standsAt(bytes, at, names[field])) return undefined;
    at += field.length;
    if (at === end) return bytes.subarray(end, end);
    if (bytes[at] !== colon) return undefined;
    return bytes.subarray(bytes[at + 1] === space ? at + 2 : at + 1, end);
  }
}

/** The places of the lines in the bytes of one event. */
export function linesOf(bytes: Buffer): Lines {
  const lines = new Lines();
  const lineEnds = new LineEnds(bytes);
  for (let start = 0; start < bytes.length;) {
    const end = lineEnds.next(start);
    if (end > start) lines.add(start, end);
    start = end + 1;
  }
  return lines;
}
