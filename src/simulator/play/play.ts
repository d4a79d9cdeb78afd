/** Sends an answer, whole or as a stream, at its pace and with its faults, and says how far it came. */

import type { Step } from "../call.ts";
import { faultOf, type Fault } from "./faults.ts";
import type { Line } from "./line.ts";

/** Milliseconds. */
export interface Pace {
  readonly latencyMs: number;
  readonly ttftMs: number;
  readonly gapMs: number;
}

export interface Outcome {
  /** Tokens that had been generated, of all choices, by the end or the cut. */
  readonly output: number;
  readonly reasoning: number;
  readonly finished: boolean;
  /** False when the connection was dropped before the head went out. */
  readonly answered: boolean;
}

export interface Playing {
  readonly line: Line;
  readonly faults: readonly Fault[];
  readonly pace: Pace;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

const wrongBy = 64;
const slowPieces = 10;

/** Waits before the head. @returns False when there is nobody left to answer. */
async function waitForHead({ line, faults, pace }: Playing, moreMs: number): Promise<boolean> {
  await line.sleep(pace.latencyMs + (faultOf(faults, "slow_first_byte")?.numbers[0] ?? 0) + moreMs);
  if (!faultOf(faults, "reset_before")) return !line.closed;
  await line.drop("reset");
  return false;
}

/** A whole answer has been generated, and is billed, before it is sent: the outcome tells only whether it arrived. */
export async function playWhole(playing: Playing, body: Buffer): Promise<Pick<Outcome, "finished" | "answered">> {
  const { line, faults } = playing;
  const stall = faultOf(faults, "stall") ?? faultOf(faults, "stall_after");
  const stallMs = stall ? (stall.numbers[stall.kind === "stall" ? 0 : 1] ?? Infinity) : 0;
  if (!(await waitForHead(playing, playing.pace.ttftMs + stallMs))) return { finished: false, answered: false };

  const half = body.subarray(0, body.length >> 1);
  if (faultOf(faults, "half_json")) return sendBody(playing, { body: half, promised: half.length, cut: "end" });
  if (faultOf(faults, "reset_after")) return sendBody(playing, { body: half, promised: body.length, cut: "reset" });
  if (faultOf(faults, "long_content_length")) return sendBody(playing, { body, promised: body.length + wrongBy, cut: "close" });
  if (faultOf(faults, "short_content_length"))
    return sendBody(playing, { body, promised: Math.max(1, body.length - wrongBy), cut: "close" });

  const slow = faultOf(faults, "slow_body")?.numbers[0];
  line.head(200, [...playing.headers, "content-length", String(body.length)]);
  if (slow !== undefined) await writeSlowly(line, body, slow);
  else await line.write(body);
  const finished = !line.closed;
  line.end();
  return { finished, answered: true };
}

interface WrongBody {
  readonly body: Buffer;
  readonly promised: number;
  readonly cut: "end" | "close" | "reset";
}

async function sendBody({ line, headers }: Playing, { body, promised, cut }: WrongBody): Promise<Pick<Outcome, "finished" | "answered">> {
  line.head(200, [...headers, "content-length", String(promised)]);
  await line.write(body);
  if (cut === "end") line.end();
  else await line.drop(cut);
  return { finished: false, answered: true };
}

async function writeSlowly(line: Line, body: Buffer, ms: number): Promise<void> {
  const size = Math.ceil(body.length / slowPieces);
  for (let from = 0; from < body.length && !line.closed; from += size) {
    await line.sleep(ms / slowPieces);
    await line.write(body.subarray(from, from + size));
  }
}

/** Small chunks are written together when nothing separates them. */
const flushBytes = 16_384;
const broken = 'data: {"id":"sim","choices":[{"index":0,"delta":{"content":"bro\n\n';

/** Plays one stream. Tokens count as generated when their chunk's turn has come, whether or not it still arrives. */
class StreamPlayer {
  readonly #playing: Playing;
  readonly #startedAt = performance.now();
  #pending = "";
  #chunks = 0;
  #output = 0;
  #reasoning = 0;

  constructor(playing: Playing) {
    this.#playing = playing;
  }

  outcome(finished: boolean, answered = true): Outcome {
    return { output: this.#output, reasoning: this.#reasoning, finished, answered };
  }

  async play(steps: Iterable<Step>): Promise<Outcome> {
    const { line, faults } = this.#playing;
    for (const step of steps) {
      if (step.kind === "close" && faultOf(faults, "no_done")) continue;
      if (step.kind === "token" && this.#chunks === 0 && (await this.#strike())) return this.outcome(false);
      if (step.kind === "token" && !(await this.#generate(step))) return this.outcome(false);
      this.#pending += step.text;
      // Who has read the closing event may hang up: it goes out with the end.
      if (step.kind === "close") break;
      if (this.#pending.length >= flushBytes) await this.#flush();
      if (step.kind === "token" && (await this.#strike())) return this.outcome(false);
      if (line.closed) return this.outcome(false);
    }
    if (this.#chunks === 0 && (await this.#strike())) return this.outcome(false);
    line.end(this.#pending);
    return this.outcome(!faultOf(faults, "no_done"));
  }

  /** Waits for the turn of a chunk, and counts it. @returns False when the stream ends before it. */
  async #generate(step: Step): Promise<boolean> {
    const { line, pace, faults } = this.#playing;
    if (pace.ttftMs + pace.gapMs > 0) {
      // Turns are counted from the start, so that late timers do not add up.
      const ms = this.#startedAt + pace.ttftMs + pace.gapMs * this.#chunks - performance.now();
      if (ms > 0) {
        await this.#flush();
        await line.sleep(ms);
      }
    }
    if (line.closed) return false;
    this.#chunks += 1;
    this.#output += step.output;
    this.#reasoning += step.reasoning;
    if (this.#chunks !== 2 || !faultOf(faults, "half_json")) return true;
    line.end(this.#pending + step.text.slice(0, step.text.length >> 1));
    return false;
  }

  /** Does what was to happen after as many chunks as were generated. @returns Whether the stream is over by it. */
  async #strike(): Promise<boolean> {
    const { line, faults } = this.#playing;
    if (faults.length === 0) return false;
    if (this.#strikes("malformed_sse", 1)) this.#pending += broken;
    const stall = this.#strikes("stall_after", 0) ?? (this.#chunks === 0 ? faultOf(faults, "stall") : undefined);
    if (stall) {
      await this.#flush();
      await line.sleep(stall.numbers[stall.kind === "stall" ? 0 : 1] ?? Infinity);
    }
    if (!this.#strikes("reset_after", 0)) return line.closed;
    await this.#flush();
    await line.drop("reset");
    return true;
  }

  #strikes(kind: "malformed_sse" | "stall_after" | "reset_after", byDefault: number): Fault | undefined {
    const fault = faultOf(this.#playing.faults, kind);
    return fault && (fault.numbers[0] ?? byDefault) === this.#chunks ? fault : undefined;
  }

  async #flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    await this.#playing.line.write(text);
  }
}

export async function playStream(playing: Playing, steps: Iterable<Step>): Promise<Outcome> {
  const present = await waitForHead(playing, 0);
  const player = new StreamPlayer(playing);
  if (!present) return player.outcome(false, false);
  playing.line.head(200, playing.headers);
  return player.play(steps);
}
