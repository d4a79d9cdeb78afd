/** Frames server-sent events: hands the data of each event to a reader. */

import { SseSplitter, type SseEvent } from "../sse/index.ts";
import type { EventReader, Framing } from "./framing.ts";

/** The longest data in which `[DONE]` is looked for. */
const longestMark = 16;

export class SseFraming implements Framing {
  readonly hasPassedEnd = null;
  readonly #reader: EventReader;
  readonly #splitter = new SseSplitter({ onEvent: (event) => this.#read(event) });
  #isEnding = false;
  #separator = "";

  constructor(reader: EventReader) {
    this.#reader = reader;
  }

  get malformed(): boolean {
    return this.#splitter.malformed;
  }

  get unreadTextBytes(): number {
    return this.#splitter.unreadTextBytes;
  }

  get separator(): string {
    return this.#separator;
  }

  push(chunk: Uint8Array): Uint8Array {
    return this.#splitter.push(chunk);
  }

  passed(): void {
    this.#separator = this.#splitter.insideOversized ? "\n\n" : "";
  }

  end(): Uint8Array {
    this.#isEnding = true;
    return this.#splitter.end();
  }

  /** @returns Whether the caller receives the event. */
  #read(event: SseEvent): boolean {
    const data = event.data();
    if (!data || data.length === 0) return true;
    if (isDone(data)) this.#reader.takeDone?.();
    else if (this.#isEnding && !isJson(data)) this.#reader.takeCutOff?.(data);
    else return this.#reader.take(data);
    return true;
  }
}

/** One server-sent event. @param json Without line breaks. */
export function sseEvent(json: string, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${json}\n\n`;
}

/** Servers with several formats end every stream as OpenAI does. */
function isDone(data: Buffer): boolean {
  return data.length <= longestMark && data.toString().trim() === "[DONE]";
}

function isJson(data: Buffer): boolean {
  try {
    JSON.parse(data.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
