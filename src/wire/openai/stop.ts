/** The bytes that end a stream which was cut, in OpenAI's own words for "length". */

import { answerScanner, editBody } from "../body/index.ts";

interface UsageSoFar {
  readonly input: number;
  readonly output: number;
}

export interface ChatStop {
  readonly message: string;
  readonly object: "chat.completion.chunk" | "text_completion";
  readonly id: string | undefined;
  /** Seconds since the epoch, as the stream's own chunks say. */
  readonly created: number | undefined;
  readonly model: string;
  readonly choices: number;
  /** Whether any text has passed: the first chunk of a choice has to say its role. */
  readonly begun: boolean;
  /** Where the caller asked for usage. */
  readonly usage: UsageSoFar | undefined;
  /** The bytes before belong to an event that has not ended. */
  readonly insideEvent: boolean;
}

export function chatStop(stop: ChatStop): Uint8Array {
  const head = { id: stop.id ?? "purser", object: stop.object, created: stop.created ?? 0, model: stop.model };
  const part = stop.object === "text_completion" ? { text: "" } : { delta: stop.begun ? {} : { role: "assistant", content: "" } };
  const choices = Array.from({ length: stop.choices }, (_, index) => ({ index, ...part, logprobs: null, finish_reason: "length" }));
  const last = { ...head, choices, ...(stop.usage ? { usage: null } : {}) };
  const events = [comment(stop.message), `data: ${JSON.stringify(last)}\n\n`];
  if (stop.usage) {
    const { input, output } = stop.usage;
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    events.push(`data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n`);
  }
  return Buffer.from(`${stop.insideEvent ? "\n\n" : ""}${events.join("")}data: [DONE]\n\n`);
}

export interface ResponsesStop {
  readonly message: string;
  /** The response object of the stream's first event, when it was seen. */
  readonly response: Buffer | undefined;
  readonly model: string;
  readonly sequenceNumber: number;
  /** Items as JSON texts. */
  readonly output: readonly string[];
  readonly usage: UsageSoFar;
  readonly insideEvent: boolean;
}

const scanResponse = answerScanner();

export function responsesStop(stop: ResponsesStop): Uint8Array {
  const { input, output } = stop.usage;
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
  const start =
    stop.response ?? Buffer.from(JSON.stringify({ id: "resp_purser", object: "response", created_at: 0, model: stop.model, error: null }));
  const response = editBody(scanResponse(start), [
    { path: "status", json: '"incomplete"' },
    { path: "incomplete_details", json: '{"reason":"max_output_tokens"}' },
    { path: "output", json: `[${stop.output.join(",")}]` },
    { path: "usage", json: JSON.stringify(usage) },
  ]);
  const data = `{"type":"response.incomplete","sequence_number":${stop.sequenceNumber},"response":${Buffer.from(response).toString()}}`;
  return Buffer.from(`${stop.insideEvent ? "\n\n" : ""}${comment(stop.message)}event: response.incomplete\ndata: ${oneLine(data)}\n\n`);
}

/** A comment is one line: SDKs skip it, people read it. */
function comment(message: string): string {
  return `: purser: ${oneLine(message)}\n\n`;
}

/** Line ends in JSON can only be space between its parts, and would end the `data` line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}
