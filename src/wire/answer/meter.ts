/**
 * Builds a meter from a framing, which finds the events, and a provider's state, which interprets
 * them.
 */

import { tokensOfBytes } from "../../domain/usage/passed-text.ts";
import { SseSplitter } from "../sse/index.ts";
import type { Cut, Progress, Reading, UsageMeter } from "../wire.ts";
import { AnswerBody } from "./answer-body.ts";
import type { PassedOutput } from "./passed-output.ts";

/** The state of one answer that comes as a single body. */
export interface BodyState {
  /** @param data The JSON text of one event, or of the whole body. */
  take(data: Buffer): void;
  readonly progress: Progress;
  readonly finished: boolean;
  /** @param malformed Whether part of the answer passed unread. */
  reading(malformed: boolean): Reading;
}

/** The state of a stream while its events pass. */
export interface AnswerState extends BodyState {
  readonly output: PassedOutput;
  /** The caller has received everything taken so far. */
  passed(): void;
}

/** Splits the bytes of an answer into events, and hands each event's JSON text to its creator. */
export interface Framing {
  /** @returns The bytes of complete events, to be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** @returns The bytes held back. */
  end(): Uint8Array;
  /** Whether part of an event was not read because of its size. */
  readonly malformed: boolean;
  /** Bytes of generated text in such events that were not read. */
  readonly unreadTextBytes: number;
  /** The bytes that end a partly passed event; usually empty. */
  readonly separator: string;
}

/** Meters a stream event by event. @param stop Returns the events that end it early, as text. */
export function streamMeter(
  framing: Framing,
  state: AnswerState,
  stop: (cut: Cut) => string,
): UsageMeter {
  // Bytes that were pushed but not passed on need no closing.
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
 * Passes a body on as it arrives, and reads the kept copy once it is complete. It cannot be ended
 * early, because the missing JSON cannot be invented.
 *
 * @param answer Whether the body contains generated text: until it is read, all its bytes count as
 *   such.
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
      if (!state.finished)
        return {
          inputTokens: null,
          outputTokens: answer.generates ? tokensOfBytes(body.length) : 0,
        };
      const { progress } = state;
      // If the usage has no output count, dropped text counts as well.
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

/**
 * Frames server-sent events. A last event cut off by the stream's end is read only if nothing but
 * its empty line is missing.
 */
export function sseFraming(take: (data: Buffer) => void): Framing {
  let ending = false;
  const splitter = new SseSplitter({
    onEvent(event) {
      const data = event.data();
      if (data && data.length > 0 && !data.equals(doneMark) && (!ending || isJson(data)))
        take(data);
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
  return bytes === 0
    ? progress
    : { ...progress, outputTokens: progress.outputTokens + tokensOfBytes(bytes) };
}

/** One server-sent event. @param json Without line breaks. */
export function sseEvent(json: string, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${json}\n\n`;
}

/** Servers with several formats end every stream as OpenAI does. */
const doneMark = Buffer.from("[DONE]");

/** Whether the bytes are JSON: a truncated last event is read only then. */
export function isJson(data: Buffer): boolean {
  try {
    JSON.parse(data.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
