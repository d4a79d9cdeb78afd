/** Tests that Anthropic's official SDK reads what the Anthropic format writes. */

import { Anthropic, APIError } from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { plainCut, plainFacts } from "../answer/feed.test-kit.ts";
import { anthropicWire } from "./index.ts";

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: Uint8Array | string;
}

async function withAnswer<T>(answer: Answer, use: (client: Anthropic) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(answer.status ?? 200, {
      "content-type": answer.type ?? "text/event-stream",
    });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await use(
      new Anthropic({ apiKey: "key", baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 }),
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const ask = {
  model: "claude-opus-4-8",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "Hi" }],
};
const event = (body: { readonly type: string } & Record<string, unknown>): string =>
  `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;
const usage = { input_tokens: 5, output_tokens: 1 };
const start = event({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-opus-4-8",
    content: [],
    stop_reason: null,
    usage,
  },
});

/** A stream that passes `written`, is torn inside the next event, and is then ended. */
function cutStream(written: string): Buffer {
  const meter = anthropicWire.meter(
    { name: "messages", metering: "metered" },
    { stream: true, facts: plainFacts },
  );
  const passed = meter.push(
    Buffer.from(`${written}event: content_block_delta\ndata: {"type":"con`),
  );
  meter.passed();
  return Buffer.concat([
    passed,
    meter.stop({
      ...plainCut,
      error: { ...plainCut.error, message: "the budget is used up\nat all" },
    }),
  ]);
}

/** What the stream helper has collected when it raises the final error. */
async function readCut(written: string, types: string[] = []): Promise<Anthropic.Message> {
  return withAnswer({ body: cutStream(written) }, async (client) => {
    const stream = client.messages.stream(ask);
    stream.on("streamEvent", ({ type }) => types.push(type));
    await assert.rejects(stream.done(), (error) => {
      assert.ok(error instanceof APIError);
      assert.match(error.message, /the budget is used up/);
      return true;
    });
    assert.ok(stream.currentMessage);
    return stream.currentMessage;
  });
}

test("a stream cut in its text ends at max_tokens with the output so far and the usage charged, and raises the reason", async () => {
  const block = event({
    type: "content_block_start",
    index: 0,
    content_block: { type: "text", text: "" },
  });
  const text = event({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: "Once upon a time" },
  });
  const message = await readCut(start + block + text);
  assert.equal(message.stop_reason, "max_tokens");
  assert.deepEqual(message.content, [{ type: "text", text: "Once upon a time" }]);
  const charged = {
    input_tokens: 9,
    output_tokens: 7,
    cache_read_input_tokens: 3,
    cache_creation_input_tokens: 0,
  };
  assert.deepEqual({ ...message.usage }, charged);
});

test("a stream cut in a tool call closes all of its blocks", async () => {
  const tool = { type: "tool_use", id: "toolu_1", name: "write", input: {} };
  const blocks =
    event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }) +
    event({ type: "content_block_stop", index: 0 }) +
    event({ type: "content_block_start", index: 1, content_block: tool }) +
    event({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json: '{"path":"a.t' },
    });
  const types: string[] = [];
  const message = await readCut(start + blocks, types);
  assert.equal(message.stop_reason, "max_tokens");
  assert.deepEqual(types.slice(-2), ["content_block_stop", "message_delta"]);
  assert.equal(types.filter((type) => type === "content_block_stop").length, 2);
});

test("a stream cut before it began is an empty message", async () => {
  const message = await readCut("");
  assert.deepEqual([message.stop_reason, message.content], ["max_tokens", []]);
});

test("a stream cut after its stop reason keeps it", async () => {
  const end = event({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 9 },
  });
  const message = await readCut(start + end);
  assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["end_turn", 9]);
});

test("a refusal reaches the caller as an APIError with its status and Purser's reason", async () => {
  const body = anthropicWire.error({
    status: 402,
    message: "budget all is used up",
    code: "budget_exhausted",
    param: null,
    purser: { reason: "budget_exhausted", budget_id: "all" },
  });
  await withAnswer({ status: 402, type: "application/json", body }, async (client) => {
    await assert.rejects(client.messages.create(ask), (error) => {
      assert.ok(error instanceof APIError);
      assert.equal(error.status, 402);
      assert.match(error.message, /budget all is used up/);
      assert.equal((error.error as { purser: { budget_id: string } }).purser.budget_id, "all");
      return true;
    });
  });
});
