/** One server-sent event: its bytes as they came, and its fields when they are asked for. */

import { LineEnds } from "./line-ends.ts";

const lineFeed = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

export class SseEvent {
  /** All of its bytes, with the empty line that ends it. */
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Whether the bytes stand anywhere in it: the cheap question to ask first. */
  includes(needle: Uint8Array): boolean {
    return this.bytes.includes(needle);
  }

  /** The payload: its `data` lines, joined by LF where there are several; undefined when it has none (a comment). */
  data(): Buffer | undefined {
    const lines = this.#values("data");
    const [first, second] = lines;
    if (!second) return first;
    return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.from([lineFeed]), line])));
  }

  /** The value of its last `event` line. */
  name(): string | undefined {
    return this.#values("event").at(-1)?.toString();
  }

  #values(field: "data" | "event"): Buffer[] {
    const values: Buffer[] = [];
    const { bytes } = this;
    const lineEnds = new LineEnds(bytes);
    let start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
    while (start < bytes.length) {
      const end = lineEnds.next(start);
      const value = fieldValue(bytes.subarray(start, end), field);
      if (value) values.push(value);
      start = end + 1;
    }
    return values;
  }
}

/** The value of a line `field: value`, without the one space that may follow the colon. */
function fieldValue(line: Buffer, field: string): Buffer | undefined {
  for (let index = 0; index < field.length; index++) if (line[index] !== field.charCodeAt(index)) return undefined;
  if (line.length === field.length) return line.subarray(field.length);
  if (line[field.length] !== 0x3a) return undefined;
  return line.subarray(line[field.length + 1] === 0x20 ? field.length + 2 : field.length + 1);
}
