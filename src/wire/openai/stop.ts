/** The bytes that end a stream which was cut: what is open is closed, then come usage, reason and closing event. */

import { countContext, type Usage } from "../../domain/usage/usage.ts";
import { sseEvent } from "../answer/meter.ts";
import { answerScanner, editBody } from "../body/index.ts";
import type { WireError } from "../wire.ts";
import type { OpenChoice } from "./open-choices.ts";
import { openaiError } from "./error.ts";

export interface ChatStop {
  readonly error: WireError;
  readonly object: "chat.completion.chunk" | "text_completion";
  readonly id: string | undefined;
  /** Seconds since the epoch, as the stream's own chunks say. */
  readonly created: number | undefined;
  readonly model: string;
  readonly open: readonly OpenChoice[];
  /** Where the caller asked for usage. */
  readonly usage: Usage | undefined;
  /** The bytes before belong to an event that has not ended. */
  readonly insideEvent: boolean;
}

export function chatStop(stop: ChatStop): Uint8Array {
  const head = {
    id: stop.id ?? "purser",
    object: stop.object,
    created: stop.created ?? 0,
    model: stop.model,
  };
  const isChat = stop.object === "chat.completion.chunk";
  const choices = stop.open.map(({ index, hasBegun }) => ({
    index,
    ...(isChat ? { delta: hasBegun ? {} : openingDelta } : { text: "" }),
    logprobs: null,
    finish_reason: "length",
  }));
  const chunks = [
    ...(choices.length > 0 ? [{ ...head, choices, ...(stop.usage ? { usage: null } : {}) }] : []),
    ...(stop.usage ? [{ ...head, choices: [], usage: chatUsage(stop.usage) }] : []),
  ];
  const events = [
    ...chunks.map((chunk) => sseEvent(JSON.stringify(chunk))),
    sseEvent(openaiError(stop.error)),
    "data: [DONE]\n\n",
  ];
  return Buffer.from(`${stop.insideEvent ? "\n\n" : ""}${events.join("")}`);
}

/** The first chunk of a choice has to say its role. */
const openingDelta = { role: "assistant", content: "" };

function chatUsage(usage: Usage): object {
  const { input, output, cached, reasoning } = totals(usage);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

export interface ResponsesStop {
  readonly error: WireError;
  /** The response object of the stream's first event. */
  readonly response: Buffer | undefined;
  /** Whether any event was passed on: the first one has to introduce the response. */
  readonly hasBegun: boolean;
  readonly model: string;
  /** Events that close the items, without their sequence numbers. */
  readonly closing: readonly ResponsesEvent[];
  /** Of the first event. */
  readonly sequenceNumber: number;
  /** Items as JSON texts. */
  readonly output: readonly string[];
  readonly usage: Usage;
  readonly reason: string;
  readonly insideEvent: boolean;
}

export interface ResponsesEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const scanResponse = answerScanner();

/**
 * The error comes before `response.incomplete`: clients that look for the closing event read no further than that. It has its fields
 * where the format has them, and in `error`, where the official SDKs look.
 */
export function responsesStop(stop: ResponsesStop): Uint8Array {
  const start = stop.response ?? Buffer.from(JSON.stringify(emptyResponse(stop.model)));
  const { message, code, param } = stop.error;
  const error = {
    type: "error",
    code,
    message,
    param,
    ...(JSON.parse(openaiError(stop.error)) as object),
  };
  const opening = stop.hasBegun
    ? []
    : [{ type: "response.created", response: JSON.parse(start.toString()) as unknown }];
  const events = [...opening, ...stop.closing, error];
  const texts = events.map((event, index) =>
    sseEvent(
      JSON.stringify({ ...event, sequence_number: stop.sequenceNumber + index }),
      event.type,
    ),
  );
  const response = editBody(scanResponse(start), [
    { path: "status", json: '"incomplete"' },
    { path: "incomplete_details", json: JSON.stringify({ reason: stop.reason }) },
    { path: "output", json: `[${stop.output.join(",")}]` },
    { path: "usage", json: JSON.stringify(responsesUsage(stop.usage)) },
  ]);
  const number = stop.sequenceNumber + events.length;
  const last = `{"type":"response.incomplete","sequence_number":${number},"response":${oneLine(Buffer.from(response).toString())}}`;
  return Buffer.from(
    `${stop.insideEvent ? "\n\n" : ""}${texts.join("")}${sseEvent(last, "response.incomplete")}`,
  );
}

function emptyResponse(model: string): object {
  return {
    id: "resp_purser",
    object: "response",
    created_at: 0,
    model,
    status: "in_progress",
    error: null,
    output: [],
  };
}

function responsesUsage(usage: Usage): object {
  const { input, output, cached, reasoning } = totals(usage);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** Counts as OpenAI has them: cached input inside the input, reasoning inside the output. */
function totals(usage: Usage) {
  return {
    input: countContext(usage),
    output: (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0),
    cached: (usage.cache_read ?? 0) + (usage.cache_read_audio ?? 0),
    reasoning: usage.reasoning ?? 0,
  };
}

/** Line ends in JSON can only be space between its parts, and would end the `data` line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
