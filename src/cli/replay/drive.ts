/** Makes one planned call through a gateway, as an agent would, and reads its outcome. */

import type { Dispatcher } from "undici";
import { problemOf } from "../failure.ts";
import type { PlannedCall } from "./plan.ts";
import type { CallOutcome } from "./statistics.ts";

export interface DriveOptions {
  /** Keep-alive connections to the gateway. */
  readonly pool: Dispatcher;
  /** The caller key that a team's agents use. */
  readonly keyOf: (team: string) => string;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** The tag of the call in the simulator's books. */
  readonly tag: string;
}

/** The requested ceiling: the longest answer of the trace has 1,000 tokens. */
const usualCeiling = 1024;
/** Typical for English, so that the estimate of the gateway is near the recorded count. */
const bytesPerToken = 4;
/** Providers under load put several tokens into one event of a stream. */
const tokensPerChunk = 8;
/** How much of the end of an answer to keep. */
const tailBytes = 2048;

/**
 * @throws ApiProblem for errors that would affect every call: an unknown key (401), or one without
 *   permission (403).
 */
export async function makeCall(call: PlannedCall, options: DriveOptions): Promise<CallOutcome> {
  const startedAt = options.now();
  try {
    const response = await options.pool.request({
      method: "POST",
      path: "/v1/chat/completions",
      headers: headersOf(call, options),
      body: bodyOf(call, options.tag),
    });
    const { tail, firstByteAt } = await readBody(response.body, options.now);
    const timing = {
      latencyMs: options.now() - startedAt,
      firstByteMs: call.stream && firstByteAt !== null ? firstByteAt - startedAt : null,
    };
    if (response.statusCode === 200)
      return servedOutcome(call, { tail, timing, headers: response.headers });
    return refusedOutcome(response.statusCode, { tail, latencyMs: timing.latencyMs });
  } catch (error) {
    if (!isConnectionFault(error)) throw error;
    return {
      result: "failed",
      reason: `no answer (${error.code})`,
      cost: null,
      latencyMs: options.now() - startedAt,
      firstByteMs: null,
      operationId: null,
    };
  }
}

/** A request of about the recorded size, ending with a directive for the simulator. */
export function bodyOf(call: PlannedCall, tag: string): string {
  // Only a stream can be cut, so only streams are looked up by their tag.
  const chunks = call.stream ? ` tokens_per_chunk=${tokensPerChunk} tag=${tag}` : "";
  const directive = `[[sim input=${call.inputTokens} output=${call.outputTokens}${chunks}]]`;
  const content = prompt(call.inputTokens, directive);
  const stream = call.stream ? `,"stream":true` : "";
  const ceiling = Math.max(usualCeiling, call.outputTokens);
  return `{"model":"sim/${call.model}","max_tokens":${ceiling}${stream},"messages":[{"role":"user","content":"${content}"}]}`;
}

/** Text of about the given number of tokens, ending with the directive. */
export function prompt(inputTokens: number, directive: string): string {
  return `${filler(inputTokens * bytesPerToken - directive.length - 1)} ${directive}`;
}

interface Timing {
  readonly latencyMs: number;
  readonly firstByteMs: number | null;
}

interface Served {
  readonly tail: string;
  readonly timing: Timing;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

function servedOutcome(call: PlannedCall, served: Served): CallOutcome {
  const header = served.headers["x-purser-cost-usd"];
  const cost = typeof header === "string" ? header : costInComment(served.tail);
  const id = served.headers["x-purser-operation-id"];
  const facts = { cost, operationId: typeof id === "string" ? id : null, ...served.timing };
  const whole = call.stream
    ? served.tail.includes("data: [DONE]")
    : served.tail.trimEnd().endsWith("}");
  if (!whole) return { result: "failed", reason: "half an answer", ...facts };
  if (call.stream && cutComment.test(served.tail))
    return { result: "cut", reason: "stream cut by a budget", ...facts };
  return { result: "served", reason: null, ...facts };
}

function refusedOutcome(
  status: number,
  answer: { readonly tail: string; readonly latencyMs: number },
): CallOutcome {
  const problem = problemOf(status, parsedOrNull(answer.tail));
  if (status === 401 || status === 403) throw problem;
  const result = status === 402 || status === 429 ? "refused" : "failed";
  return {
    result,
    reason: status === 402 ? problem.code : `${status} ${problem.code}`,
    cost: null,
    latencyMs: answer.latencyMs,
    firstByteMs: null,
    operationId: null,
  };
}

/** A cut stream has a comment with the reason before its end: `: purser: the budget ...`. */
const cutComment = /^: purser: /m;

/** Streams end with a comment that has the cost: `: purser cost_usd=0.0021 status=settled`. */
function costInComment(tail: string): string | null {
  return /^: purser cost_usd=(\d+(?:\.\d+)?)/m.exec(tail)?.[1] ?? null;
}

/** Keeps only the end of an answer, where a stream reports how it ended. Refusals are short. */
async function readBody(
  body: AsyncIterable<Buffer>,
  now: () => number,
): Promise<{ readonly tail: string; readonly firstByteAt: number | null }> {
  let firstByteAt: number | null = null;
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    firstByteAt ??= now();
    tail =
      chunk.length >= tailBytes
        ? chunk.subarray(-tailBytes)
        : Buffer.concat([tail, chunk]).subarray(-tailBytes);
  }
  return { tail: tail.toString("utf8"), firstByteAt };
}

function headersOf(call: PlannedCall, options: DriveOptions): Readonly<Record<string, string>> {
  return {
    authorization: `Bearer ${options.keyOf(call.team)}`,
    "content-type": "application/json",
    "x-purser-team": call.team,
    "x-purser-agent": call.agent,
    "x-purser-user": call.user,
  };
}

const words =
  "the agent reads the file and finds what the user asked for then writes it down so that the next step can go on ";
let text = words;

/** Plain words that need no JSON escapes. */
function filler(length: number): string {
  while (text.length < length) text += text;
  return text.slice(0, Math.max(0, length));
}

function parsedOrNull(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function isConnectionFault(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(UND_ERR_|E[A-Z]+$)/.test(error.code)
  );
}
