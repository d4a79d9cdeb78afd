/** Test kit: streams and bodies in OpenAI's format, and meters to read them. */

import type { Reading, UsageMeter } from "../wire.ts";
import { openaiWire } from "./wire.ts";

const wire = openaiWire();

export function meterOf(path: string, body: object = {}, stream = true): UsageMeter {
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(
    endpoint,
    Buffer.from(JSON.stringify({ model: "asked", stream, ...body })),
  );
  return wire.meter(endpoint, { stream, facts });
}

export function chatMeter(usageAsked = true, body: object = {}): UsageMeter {
  return meterOf("/chat/completions", { ...body, stream_options: { include_usage: usageAsked } });
}

export function data(...events: readonly (object | string)[]): string {
  return events
    .map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`)
    .join("");
}

/** Feeds all of it at once. */
export function run(
  meter: UsageMeter,
  text: string,
): { readonly passed: string; readonly reading: Reading } {
  const passed = Buffer.from(meter.push(Buffer.from(text)));
  const { rest, reading } = meter.end();
  return { passed: Buffer.concat([passed, rest]).toString(), reading };
}

export function chunk(delta: object, fields: object = {}): object {
  return {
    id: "c1",
    object: "chat.completion.chunk",
    created: 7,
    model: "served",
    choices: [{ index: 0, delta, finish_reason: null }],
    ...fields,
  };
}

export const created = {
  type: "response.created",
  sequence_number: 0,
  response: {
    id: "r1",
    object: "response",
    model: "served",
    status: "in_progress",
    output: [],
    usage: null,
    service_tier: "auto",
  },
};
export function closing(type: string, fields: object): object {
  return {
    type: `response.${type}`,
    sequence_number: 9,
    response: { ...created.response, status: type, ...fields },
  };
}

export function events(...list: readonly object[]): string {
  return list
    .map(
      (event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join("");
}

/** A usage in chat, the chunk that reports it, and chunks of text. */
export const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
export const usageChunk = chunk({}, { choices: [], usage });
export const text = [chunk({ role: "assistant", content: "" }), chunk({ content: "Hé" })];

/** A usage and an event of text in Responses. */
export const responsesUsage = {
  input_tokens: 20,
  input_tokens_details: { cached_tokens: 5 },
  output_tokens: 4,
  total_tokens: 24,
};
export const delta = {
  type: "response.output_text.delta",
  item_id: "m1",
  output_index: 0,
  content_index: 0,
  delta: 'Hé "x"',
  sequence_number: 3,
};
