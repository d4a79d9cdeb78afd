/**
 * Reads successive HTTP/1.1 responses from a connection, doing only the work needed to find where
 * each ends.
 */

export interface AnswerListener {
  /** Called when stream events arrive. */
  events(count: number): void;
  end(status: number): void;
}

const headEnd = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");
const event = Buffer.from("data:");

/** Reads one answer at a time: the next request is sent after the last answer ends. */
export class AnswerReader {
  readonly #listener: AnswerListener;
  #head: Buffer | null = null;
  #status = 0;
  /** Remaining bytes of the body; null if it is chunked. */
  #left: number | null = 0;
  #isStream = false;
  #isInBody = false;
  #tail = "";
  /** The beginning of a response other than 200. */
  #error: string | null = null;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  get error(): string | null {
    return this.#error;
  }

  push(bytes: Buffer): void {
    if (this.#isInBody) return this.#body(bytes);
    const head = this.#head ? Buffer.concat([this.#head, bytes]) : bytes;
    const end = head.indexOf(headEnd);
    if (end < 0) {
      this.#head = head;
      return;
    }
    this.#head = null;
    this.#begin(head.toString("latin1", 0, end).toLowerCase());
    this.#body(head.subarray(end + headEnd.length));
  }

  #begin(head: string): void {
    this.#status = Number(head.slice(9, 12));
    const length = head.indexOf("\r\ncontent-length:");
    this.#left = length < 0 ? null : Number.parseInt(head.slice(length + 17), 10);
    this.#isStream = head.includes("text/event-stream");
    this.#isInBody = true;
    this.#tail = "";
  }

  #body(bytes: Buffer): void {
    if (this.#status !== 200 && this.#error === null && bytes.length > 0)
      this.#error = `${this.#status} ${bytes.toString("latin1", 0, 300)}`;
    if (this.#isStream) this.#countEvents(bytes);
    if (this.#left === null) this.#lookForLastChunk(bytes);
    else if ((this.#left -= bytes.length) <= 0) this.#end();
  }

  #countEvents(bytes: Buffer): void {
    let count = 0;
    for (let at = bytes.indexOf(event); at >= 0; at = bytes.indexOf(event, at + event.length))
      count += 1;
    if (count > 0) this.#listener.events(count);
  }

  /** No answer measured here ends a chunk with the bytes that end a body. */
  #lookForLastChunk(bytes: Buffer): void {
    if (bytes.length >= lastChunk.length) {
      if (bytes.subarray(-lastChunk.length).equals(lastChunk)) return this.#end();
      this.#tail = bytes.subarray(-lastChunk.length).toString("latin1");
      return;
    }
    this.#tail = (this.#tail + bytes.toString("latin1")).slice(-lastChunk.length);
    if (this.#tail === "0\r\n\r\n") this.#end();
  }

  #end(): void {
    this.#isInBody = false;
    this.#listener.end(this.#status);
  }
}
