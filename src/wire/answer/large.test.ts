/** Tests that answers of any size are metered in bounded memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { anthropicWire } from "../anthropic/index.ts";
import { geminiWire } from "../gemini/index.ts";
import { openaiWire } from "../openai/index.ts";
import type { Endpoint, Reading, UsageMeter, WireFormat } from "../wire.ts";
import { plainFacts, total } from "./feed.test-kit.ts";

const openai = openaiWire();
const large = "A".repeat(6 * 1024 * 1024);
const numbers = `[${Array.from({ length: 300_000 }, (_, index) => `-0.0${index}123456`).join(",")}]`;

function metered(wire: WireFormat, name: string, stream: boolean): UsageMeter {
  const endpoint: Endpoint = { name, metering: "metered" };
  return wire.meter(endpoint, { stream, facts: plainFacts });
}

/** Feeds pieces of an odd size. */
function read(
  meter: UsageMeter,
  text: string,
): { readonly reading: Reading; readonly passed: number } {
  const bytes = Buffer.from(text);
  let passed = 0;
  for (let at = 0; at < bytes.length; at += 65_521)
    passed += meter.push(bytes.subarray(at, at + 65_521)).length;
  const { reading, rest } = meter.end();
  return { reading, passed: passed + rest.length };
}

const anthropicUsage = { input_tokens: 5, output_tokens: 9 };
const geminiUsage = { promptTokenCount: 5, candidatesTokenCount: 9, totalTokenCount: 14 };
const chatUsage = { prompt_tokens: 5, completion_tokens: 9, total_tokens: 14 };
const image = { inlineData: { mimeType: "image/png", data: large } };
const geminiAnswer = {
  candidates: [{ content: { parts: [image] }, finishReason: "STOP", index: 0 }],
  usageMetadata: geminiUsage,
};
const message = {
  id: "m",
  type: "message",
  model: "m",
  content: [{ type: "text", text: large }],
  usage: anthropicUsage,
};
const call = { type: "web_search_call", status: "completed", action: { type: "search" } };
const response = {
  id: "r",
  model: "m",
  output: [call, { type: "image_generation_call", result: large }],
  usage: anthropicUsage,
};

const bodies: readonly (readonly [string, UsageMeter, string])[] = [
  [
    "a chat answer",
    metered(openai, "chat", false),
    JSON.stringify({ model: "m", choices: [{ message: { content: large } }], usage: chatUsage }),
  ],
  [
    "embeddings",
    metered(openai, "embeddings", false),
    `{"model":"m","data":[{"embedding":${numbers}}],"usage":{"prompt_tokens":14,"total_tokens":14}}`,
  ],
  ["a response", metered(openai, "responses", false), JSON.stringify(response)],
  ["a message", metered(anthropicWire, "messages", false), JSON.stringify(message, null, 2)],
  ["a Gemini answer", metered(geminiWire, "generate_content", false), JSON.stringify(geminiAnswer)],
];

const streams: readonly (readonly [string, UsageMeter, string])[] = [
  [
    "a chat stream",
    metered(openai, "chat", true),
    `data: ${JSON.stringify({ id: "c", model: "m", choices: [{ delta: { audio: { data: large } } }], usage: chatUsage })}\n\ndata: [DONE]\n\n`,
  ],
  [
    "a stream of a response",
    metered(openai, "responses", true),
    `event: x\r\ndata: ${JSON.stringify({ type: "response.completed", response })}\r\n\r\n`,
  ],
  [
    "a Gemini stream",
    metered(geminiWire, "generate_content", true),
    `data: ${JSON.stringify(geminiAnswer)}\n\n`,
  ],
  [
    "a Gemini array",
    metered(geminiWire, "generate_content", true),
    `[${JSON.stringify(geminiAnswer)}]`,
  ],
  [
    "a stream of a message",
    metered(anthropicWire, "messages", true),
    `data: ${JSON.stringify({ type: "message_start", message: { ...message, usage: { input_tokens: 5 } } })}\n\n` +
      `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\ndata: {"type":"message_stop"}\n\n`,
  ],
];

for (const [what, meter, text] of [...bodies, ...streams]) {
  test(`${what} with a piece too large to keep passes whole, and its usage is read`, () => {
    const { reading, passed } = read(meter, text);
    assert.equal(passed, Buffer.byteLength(text));
    const { input = 0, output = 0, web_search = 0 } = total(reading);
    assert.deepEqual([input + output, web_search], [14, what.includes("response") ? 1 : 0]);
    assert.deepEqual(reading.flags, []);
    assert.equal(reading.partial, undefined);
  });
}

const words = "word ".repeat(1_000_000);
const unfinished: readonly (readonly [string, UsageMeter, string])[] = [
  [
    "a chat stream",
    metered(openai, "chat", true),
    `data: {"choices":[{"delta":{"content":"${words}`,
  ],
  [
    "a stream of a response",
    metered(openai, "responses", true),
    `data: {"type":"response.output_text.delta","delta":"${words}`,
  ],
  [
    "a stream of a message",
    metered(anthropicWire, "messages", true),
    `data: {"type":"content_block_delta","delta":{"text":"${words}`,
  ],
  [
    "a Gemini stream",
    metered(geminiWire, "generate_content", true),
    `data: {"candidates":[{"content":{"parts":[{"text":"${words}`,
  ],
  [
    "a Gemini array",
    metered(geminiWire, "generate_content", true),
    `[{"candidates":[{"content":{"parts":[{"text":"${words}`,
  ],
  ["a chat answer", metered(openai, "chat", false), `{"choices":[{"message":{"content":"${words}`],
  ["a message", metered(anthropicWire, "messages", false), `{"content":[{"text":"${words}`],
  [
    "a Gemini answer",
    metered(geminiWire, "generate_content", false),
    `{"candidates":[{"content":{"parts":[{"text":"${words}"}]}}]}`,
  ],
];

for (const [what, meter, text] of unfinished) {
  test(`the text of ${what} in one endless piece counts by its bytes, and is flagged`, () => {
    const { reading } = read(meter, text);
    assert.ok(reading.partial === true || reading.parts.length === 0);
    assert.ok(reading.flags.includes("usage_missing"));
    const { outputTokens } = meter.progress;
    const [least, most] = meter.output ? [4_990_000, 5_000_000] : [1_600_000, 1_700_000];
    assert.ok(outputTokens > least && outputTokens <= most, String(outputTokens));
  });
}

test("a body with too many small parts keeps its usage, and is flagged because some passed unread", () => {
  const item = '{"type":"message","content":[{"type":"output_text","text":"word"}]},';
  const meter = metered(openai, "responses", false);
  const { reading } = read(
    meter,
    `{"model":"m","output":[${item.repeat(200_000)}{}],"usage":{"input_tokens":5,"output_tokens":9}}`,
  );
  assert.deepEqual([total(reading).output, reading.flags], [9, ["malformed"]]);
});

test("array elements that arrive byte by byte cost no more than their own size", () => {
  const element = JSON.stringify({
    candidates: [{ content: { parts: [{ text: "x".repeat(500_000) }] } }],
  });
  const meter = metered(geminiWire, "generate_content", true);
  let passed = 0;
  for (const byte of Buffer.from(`[${element}`)) passed += meter.push(Uint8Array.of(byte)).length;
  assert.equal(passed, element.length + 1);
});
