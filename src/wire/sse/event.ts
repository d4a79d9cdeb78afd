/** Represents one server-sent event, whose fields are located in its bytes on demand. */

import { byteOrderMark, matchesAt } from "../bytes.ts";
import { LineEnds } from "./line-ends.ts";
import { colon, openBrace, openBracket, space } from "../ascii.ts";

const lineFeed = Buffer.from("\n");
const names = {
  data: Buffer.from("data"),
  event: Buffer.from("event"),
  error: Buffer.from("error"),
};
/** Lines of an event begin with a field's name, so no event begins like JSON. */
const jsonStarts: ReadonlySet<number | undefined> = new Set([openBrace, openBracket]);

/**
 * Positions of the non-empty lines of one event. Reused, because a stream has thousands of events.
 */
export class Lines {
  /**
   * Alternating starts and ends, ends exclusive. Entries from `length` on are left over from
   * earlier events.
   */
  readonly #places: number[] = [];
  /** Number of lines. */
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

/** Valid until the next event begins. */
export class SseEvent {
  readonly #bytes: Buffer;
  readonly #lines: Lines;

  /** @param lines Positions in the bytes. */
  constructor(bytes: Buffer, lines: Lines) {
    this.#bytes = bytes;
    this.#lines = lines;
  }

  /** The payload; undefined if there is none (a comment). */
  data(): Buffer | undefined {
    return this.#data() ?? this.#stray();
  }

  /** The value of its last `event` line. */
  name(): string | undefined {
    let last: Buffer | undefined;
    for (let line = 0; line < this.#lines.length; line++) last = this.#value(line, "event") ?? last;
    return last?.toString();
  }

  /** Its `data` lines, joined by LF if there are several. */
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

  /**
   * An error that a server wrote into the stream without an event: bare JSON, or after `error:`
   * (llama.cpp).
   */
  #stray(): Buffer | undefined {
    if (this.#lines.length === 0) return undefined;
    const start = this.#lines.start(0);
    if (jsonStarts.has(this.#bytes[start]))
      return this.#bytes.subarray(start, this.#lines.end(this.#lines.length - 1));
    return this.#value(0, "error");
  }

  /**
   * The value of a line `field: value`, without the optional space after the colon; undefined for a
   * line of another field.
   */
  #value(line: number, field: "data" | "event" | "error"): Buffer | undefined {
    const bytes = this.#bytes;
    const end = this.#lines.end(line);
    let at = this.#lines.start(line);
    if (line === 0 && matchesAt(bytes, at, byteOrderMark)) at += byteOrderMark.length;
    if (!matchesAt(bytes, at, names[field])) return undefined;
    at += field.length;
    if (at === end) return bytes.subarray(end, end);
    if (bytes[at] !== colon) return undefined;
    return bytes.subarray(bytes[at + 1] === space ? at + 2 : at + 1, end);
  }
}

/** Positions of the lines in the bytes of one event. */
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
