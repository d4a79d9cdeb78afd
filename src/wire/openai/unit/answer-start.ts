/** Recognises JSON and events by how an answer begins, however it is cut into chunks. */

import { openBrace } from "../../ascii.ts";

export type AnswerForm = "object" | "events" | "file";

/**
 * Holds the first bytes until they show what the answer is. A byte order mark and white space before
 * it are dropped, as readers of JSON and of events do.
 */
export class AnswerStart {
  /** Null until it is known. */
  form: AnswerForm | null = null;
  #held: Buffer = Buffer.alloc(0);

  /** @returns The bytes to read; empty until the form is known. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.form !== null) return chunk;
    this.#held = withoutBlanks(Buffer.concat([this.#held, chunk]));
    this.form = formOf(this.#held.toString("latin1", 0, longestStart));
    return this.form === null ? nothing : this.#held;
  }
}

const nothing = new Uint8Array(0);

/** As latin1. */
const byteOrderMark = "\u00ef\u00bb\u00bf";
const leading = new RegExp(`^(?:${byteOrderMark})?[ \\t\\r\\n]*`);

function withoutBlanks(bytes: Buffer): Buffer {
  return bytes.subarray(leading.exec(bytes.toString("latin1"))?.[0].length);
}

/** Events begin with the name of a field, or with a comment. */
const eventStarts = ["data:", "event:", "id:", "retry:", ":"];
const longestStart = 6;

/** @returns null while more bytes can decide. */
function formOf(start: string): AnswerForm | null {
  if (start.charCodeAt(0) === openBrace) return "object";
  if (eventStarts.some((field) => start.startsWith(field))) return "events";
  const isOpen = [byteOrderMark, ...eventStarts].some((known) => known.startsWith(start));
  return isOpen ? null : "file";
}
