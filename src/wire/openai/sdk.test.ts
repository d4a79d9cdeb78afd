/** Tests that OpenAI's official client understands streams that were cut, and refusals. */

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { plainCut } from "../answer/feed.test-kit.ts";
import { openaiWire } from "./wire.ts";

const wire = openaiWire();

/** The official client, given these bytes as the answer. */
function clientOf(body: string | Uint8Array, status = 200): OpenAI {
  const type = status === 200 ? "text/event-stream" : "application/json";
  const answer = (): Promise<Response> =>
    Promise.resolve(new Response(Buffer.from(body), { status, headers: { "content-type": type } }));
  return new OpenAI({
    apiKey: "none",
    baseURL: "http://127.0.0.1:9/v1",
    maxRetries: 0,
    fetch: answer,
  });
}

function cutShort(path: string, body: object, events: readonly string[]): Buffer {
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(endpoint, Buffer.from(JSON.stringify(body)));
  const meter = wire.meter(endpoint, { stream: true, facts });
  const passed = events.map((event) => meter.push(Buffer.from(event)));
  meter.passed();
  return Buffer.concat([
    ...passed,
    meter.stop({
      ...plainCut,
      error: { ...plainCut.error, message: "the budget p1 is exhausted\nsee x" },
    }),
  ]);
}

/** What the client gives before it raises the error that ends the stream. */
async function readCut<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const seen: Item[] = [];
  const reading = (async () => {
    for await (const item of items) seen.push(item);
  })();
  await assert.rejects(
    reading,
    (error) =>
      error instanceof OpenAI.APIError && error.message.includes("the budget p1 is exhausted"),
  );
  return seen;
}

const messages = [{ role: "user" as const, content: "hi" }];

function chunk(content: string): string {
  return `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 7, model: "served", choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }] })}\n\n`;
}

test("the official client reads a cut chat stream as ended by length, with usage if requested", async () => {
  const request = {
    model: "m",
    messages,
    stream: true as const,
    stream_options: { include_usage: true },
  };
  const client = clientOf(cutShort("/chat/completions", request, [chunk("Hel"), chunk("lo")]));
  const seen = await readCut(await client.chat.completions.create(request));
  assert.equal(seen.map((part) => part.choices[0]?.delta.content ?? "").join(""), "Hello");
  assert.equal(seen.at(-2)?.choices[0]?.finish_reason, "length");
  assert.equal(seen.at(-2)?.id, "c1");
  assert.deepEqual(seen.at(-1)?.choices, []);
  assert.equal(seen.at(-1)?.usage?.completion_tokens, 7);
  assert.deepEqual(
    [seen.at(-1)?.usage?.prompt_tokens, seen.at(-1)?.usage?.prompt_tokens_details?.cached_tokens],
    [12, 3],
  );
});

test("the official client's accumulated chat completion ends by length", async () => {
  const client = clientOf(
    cutShort("/chat/completions", { model: "m", messages, stream: true }, [chunk("Hello")]),
  );
  const stream = client.chat.completions.stream({ model: "m", messages });
  await readCut(stream);
  const [choice] = stream.currentChatCompletionSnapshot?.choices ?? [];
  assert.deepEqual([choice?.finish_reason, choice?.message.content], ["length", "Hello"]);
});

function eventsOf(bytes: Buffer): readonly object[] {
  return [...bytes.toString().matchAll(/^data: (\{.*)$/gm)].map(
    ([, json = ""]) => JSON.parse(json) as object,
  );
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

const response = {
  id: "resp_1",
  object: "response",
  created_at: 7,
  model: "served",
  status: "in_progress",
  output: [],
  tools: [],
  usage: null,
};
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "in_progress",
  content: [],
};
const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
const started = [
  event("response.created", { sequence_number: 0, response }),
  event("response.output_item.added", {
    sequence_number: 1,
    output_index: 0,
    item: { id: "rs_1", type: "reasoning", summary: [] },
  }),
  event("response.output_item.done", {
    sequence_number: 2,
    output_index: 0,
    item: { id: "rs_1", type: "reasoning", summary: [] },
  }),
  event("response.output_item.added", { sequence_number: 3, output_index: 1, item: message }),
  event("response.content_part.added", {
    sequence_number: 4,
    output_index: 1,
    content_index: 0,
    item_id: "msg_1",
    part,
  }),
  event("response.output_text.delta", {
    sequence_number: 5,
    output_index: 1,
    content_index: 0,
    item_id: "msg_1",
    delta: 'Hé "',
    logprobs: [],
  }),
  event("response.output_text.delta", {
    sequence_number: 6,
    output_index: 1,
    content_index: 0,
    item_id: "msg_1",
    delta: "llo\n",
    logprobs: [],
  }),
];

test("the official client reads a cut Responses stream as incomplete, with the text so far", async () => {
  const client = clientOf(
    cutShort("/responses", { model: "m", input: "hi", stream: true }, started),
  );
  const types = (
    await readCut(await client.responses.create({ model: "m", input: "hi", stream: true }))
  ).map(({ type }) => type);
  assert.deepEqual(types.slice(-3), [
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
  ]);
  const last = eventsOf(
    cutShort("/responses", { model: "m", input: "hi", stream: true }, started),
  ).at(-1) as ResponseStreamEvent;
  assert.ok(last.type === "response.incomplete");
  assert.equal(last.sequence_number, 11);
  assert.equal(last.response.id, "resp_1");
  assert.equal(last.response.status, "incomplete");
  assert.deepEqual(last.response.incomplete_details, { reason: "max_output_tokens" });
  assert.deepEqual(
    last.response.output.map((item) => item.id),
    ["rs_1", "msg_1"],
  );
  assert.equal(last.response.usage?.output_tokens, 7);
});

test("the official client reads the end of a stream cut before its first event", async () => {
  const chat = clientOf(cutShort("/chat/completions", { model: "m", messages, stream: true }, []));
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  chunks.push(
    ...(await readCut(await chat.chat.completions.create({ model: "m", messages, stream: true }))),
  );
  assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "length");
  const accumulated = clientOf(
    cutShort("/chat/completions", { model: "m", messages, stream: true }, []),
  );
  const stream = accumulated.chat.completions.stream({ model: "m", messages });
  await readCut(stream);
  assert.equal(stream.currentChatCompletionSnapshot?.choices[0]?.finish_reason, "length");
  const responses = clientOf(cutShort("/responses", { model: "m", input: "hi", stream: true }, []));
  const seen = await readCut(
    await responses.responses.create({ model: "m", input: "hi", stream: true }),
  );
  assert.deepEqual(
    seen.map(({ type }) => type),
    ["response.created"],
  );
});

test("the official client raises its own errors, with Purser's reasons", async () => {
  const purser = { reason: "budget_exhausted", budget_id: "p1" };
  const refusal = wire.error({
    status: 402,
    message: "the budget p1 is exhausted",
    code: "budget_exhausted",
    param: null,
    purser,
  });
  const call = clientOf(refusal, 402).chat.completions.create({ model: "m", messages });
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof OpenAI.APIError);
    assert.deepEqual(
      [error.status, error.code, error.type],
      [402, "budget_exhausted", "insufficient_quota"],
    );
    assert.deepEqual((error.error as { purser: unknown }).purser, purser);
    return true;
  });
});
