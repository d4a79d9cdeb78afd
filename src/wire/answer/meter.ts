/** Turns what a provider knows of its own events into a meter: framing outside, meaning inside. */

import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import { SseSplitter } from "../sse/index.ts";
import type { Cut, Progress, Reading, UsageMeter } from "../wire.ts";
import { AnswerBody } from "./answer-body.ts";
import type { PassedOutput } from "./passed-output.ts";

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
  readonly output: PassedOutput;
  /** The caller has all that was taken so far. */
  passed(): void;
}

/** Splits the bytes of an answer into events, and hands each one's JSON text to whoever made it. */
export interface Framing {
  /** @returns The bytes of whole events, to be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** @returns What was kept back. */
  end(): Uint8Array;
  /** Whether some event was so large that some of it was not read. */
  readonly malformed: boolean;
  /** Bytes of generated text in such events that were not read. */
  readonly unreadTextBytes: number;
  /** The bytes that end an event of which a part has passed already; mostly none. */
  readonly separator: string;
}

/** Reads a stream event by event. @param stop Gives the events that end it early, as text. */
export function streamMeter(framing: Framing, state: AnswerState, stop: (cut: Cut) => string): UsageMeter {
  // What was pushed and did not pass is nothing to close.
  let separator = "";
  return {
    push(chunk) {
      const passed = framing.push(chunk);
      state.output.noteUnread(framing.unreadTextBytes);
      return passed;
    },
    passed() {
      separator = framing.separator;
      state.passed();
    },
    get progress() {
      return state.progress;
    },
    get output() {
      return state.output;
    },
    get finished() {
      return state.finished;
    },
    end() {
      const rest = framing.end();
      return { rest, reading: state.reading(framing.malformed) };
    },
    stop: (cut) => Buffer.from(separator + stop(cut)),
  };
}

/**
 * Passes a body on as it comes, and reads what was kept of it when it is whole. It cannot be ended early: what is missing of JSON
 * cannot be made up.
 *
 * @param answer Whether the body holds generated text: until it is read, all of its bytes are taken for that.
 */
export function bodyMeter(state: BodyState, answer: { readonly generates: boolean }): UsageMeter {
  const body = new AnswerBody();
  let reading: Reading | null = null;
  return {
    output: null,
    push(chunk) {
      body.push(chunk);
      return chunk;
    },
    passed: () => undefined,
    get progress() {
      if (!state.finished) return { inputTokens: null, outputTokens: answer.generates ? tokensOfBytes(body.length) : 0 };
      const { progress } = state;
      // Where the usage does not say it, text that was left out counts as well.
      return reading?.partial ? plusText(progress, body.unreadTextBytes) : progress;
    },
    get finished() {
      return state.finished;
    },
    end() {
      const kept = body.take();
      if (body.length > 0) state.take(kept);
      const read = state.reading(body.isCut);
      reading = { ...read, passedBytes: read.passedBytes + body.unreadTextBytes };
      return { rest: Buffer.alloc(0), reading };
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
    get unreadTextBytes() {
      return splitter.unreadTextBytes;
    },
    get separator() {
      return splitter.insideOversized ? "\n\n" : "";
    },
  };
}

function plusText(progress: Progress, bytes: number): Progress {
  return bytes === 0 ? progress : { ...progress, outputTokens: progress.outputTokens + tokensOfBytes(bytes) };
}

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
