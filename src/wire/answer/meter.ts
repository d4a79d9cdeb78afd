/** Turns what a provider knows of its own events into a meter: framing outside, meaning inside. */

import { toBuffer } from "../bytes.ts";
import { SseSplitter } from "../sse/index.ts";
import type { Cut, Progress, Reading, UsageMeter } from "../wire.ts";

/** What is known of one answer that comes as one body. */
export interface BodyState {
  /** @param data The JSON text of one event, or of the whole body. */
  take(data: Buffer): void;
  readonly progress: Progress;
  readonly finished: boolean;
  /** @param malformed Whether some of the answer passed unread. */
  reading(malformed: boolean): Reading;
}

/** What is known of a stream while its events pass. */
export interface AnswerState extends BodyState {
  /** The caller has all that was taken so far. */
  passed(): void;
}

/** Splits the bytes of an answer into events, and hands each one's JSON text to whoever made it. */
export interface Framing {
  /** @returns The bytes of whole events, to be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** @returns What was kept back. */
  end(): Uint8Array;
  /** Whether some event was too large to be read. */
  readonly malformed: boolean;
  /** The bytes that end an event of which a part has passed already; mostly none. */
  readonly separator: string;
}

/** Reads a stream event by event. @param stop Gives the events that end it early, as text. */
export function streamMeter(framing: Framing, state: AnswerState, stop: (cut: Cut) => string): UsageMeter {
  return {
    push: (chunk) => framing.push(chunk),
    passed: () => state.passed(),
    get progress() {
      return state.progress;
    },
    get finished() {
      return state.finished;
    },
    end() {
      const rest = framing.end();
      return { rest, reading: state.reading(framing.malformed) };
    },
    stop: (cut) => Buffer.from(framing.separator + stop(cut)),
  };
}

/**
 * Passes a body on as it comes and reads it when it is whole. It cannot be ended early: what is missing of JSON cannot be made up.
 *
 * @param answer Whether the body holds generated text: until it is read, all of its bytes are taken for that.
 */
export function bodyMeter(state: BodyState, answer: { readonly generates: boolean }): UsageMeter {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    push(chunk) {
      if (chunk.length > 0) chunks.push(chunk);
      length += chunk.length;
      return chunk;
    },
    passed: () => undefined,
    get progress() {
      return state.finished ? state.progress : { inputTokens: null, outputTokens: answer.generates ? outputOfBytes(length) : 0 };
    },
    get finished() {
      return state.finished;
    },
    end() {
      const [first, ...others] = chunks.splice(0);
      if (first) state.take(others.length === 0 ? toBuffer(first) : Buffer.concat([first, ...others]));
      return { rest: Buffer.alloc(0), reading: state.reading(false) };
    },
    stop: () => Buffer.alloc(0),
  };
}

/** Frames server-sent events. What the stream's end cuts off is read only if it is whole but for the empty line. */
export function sseFraming(take: (data: Buffer) => void): Framing {
  let ending = false;
  const splitter = new SseSplitter({
    onEvent(event) {
      const data = event.data();
      if (data && data.length > 0 && !data.equals(doneMark) && (!ending || isJson(data))) take(data);
      return true;
    },
  });
  return {
    push: (chunk) => splitter.push(chunk),
    end() {
      ending = true;
      return splitter.end();
    },
    get malformed() {
      return splitter.malformed;
    },
    get separator() {
      return splitter.insideOversized ? "\n\n" : "";
    },
  };
}

/** The most tokens that so many bytes of text can be expected to be. */
export function outputOfBytes(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}

const bytesPerToken = 3;

/** One server-sent event. @param json On one line. */
export function sseEvent(json: string, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${json}\n\n`;
}

/** Servers that speak several formats close every stream as OpenAI does. */
const doneMark = Buffer.from("[DONE]");

/** Whether the bytes are JSON: of what an answer's end cut off, only that is worth reading. */
export function isJson(data: Buffer): boolean {
  try {
    JSON.parse(data.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
