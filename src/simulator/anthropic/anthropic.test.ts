/** The Anthropic wire, driven by the official SDK. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import Anthropic, { APIError, BadRequestError } from "@anthropic-ai/sdk";
import type { BookRow } from "../books.ts";
import { startSimulator } from "../simulator.ts";

const simulator = await startSimulator();
after(() => simulator.close());
const client = new Anthropic({
  apiKey: "none",
  baseURL: `${simulator.url}/anthropic`,
  maxRetries: 0,
});

function rowOf(id: string): BookRow {
  const row = simulator.books.rows().find((one) => one.id === id);
  assert.ok(row, `a row of ${id}`);
  return row;
}

const ask = (content: string) => ({
  model: "m",
  max_tokens: 100,
  messages: [{ role: "user" as const, content }],
});
const weather = {
  name: "weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } } },
};

test("a whole message reports disjoint counts, and the books agree", async () => {
  const text = "[[sim input=12 cached=30 cache_write=4 cache_write_1h=5 output=9 web_search=2]]";
  const { usage, id, content, stop_reason: stopReason } = await client.messages.create(ask(text));
  assert.deepEqual(
    [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens],
    [12, 30, 9],
  );
  assert.deepEqual(usage.cache_creation, {
    ephemeral_5m_input_tokens: 4,
    ephemeral_1h_input_tokens: 5,
  });
  assert.equal(usage.server_tool_use?.web_search_requests, 2);
  assert.equal(usage.output_tokens, 9);
  assert.equal(stopReason, "end_turn");
  assert.equal(content.filter((block) => block.type === "web_search_tool_result").length, 2);
  const row = rowOf(id);
  assert.deepEqual(
    [row.input, row.cache_read, row.cache_write_5m, row.cache_write_1h, row.output, row.web_search],
    [12, 30, 4, 5, 9, 2],
  );
});

test("the SDK's stream ends with the same cumulative counts", async () => {
  const stream = client.messages.stream(ask("[[sim input=12 cached=30 output=9]]"));
  const answer = await stream.finalMessage();
  assert.deepEqual(
    [answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens],
    [12, 30, 9],
  );
  assert.equal((await stream.finalText()).split(" ").length, 9);
  assert.deepEqual([rowOf(answer.id).output, rowOf(answer.id).finished], [9, true]);
});

test("max_tokens ends a message, and a request without it is refused", async () => {
  const answer = await client.messages.create({ ...ask("hi"), max_tokens: 2 });
  assert.deepEqual([answer.stop_reason, answer.usage.output_tokens], ["max_tokens", 2]);
  const { max_tokens: _, ...without } = ask("hi");
  await assert.rejects(client.messages.create(without as never), BadRequestError);
});

test("thinking precedes the text, counts as output, and streams with its signature", async () => {
  const body = {
    ...ask("[[sim output=10 reasoning=6]]"),
    max_tokens: 2000,
    thinking: { type: "enabled" as const, budget_tokens: 1024 },
  };
  const whole = await client.messages.create(body);
  const streamed = await client.messages.stream(body).finalMessage();
  for (const { content, usage } of [whole, streamed]) {
    const [thought, text] = content;
    assert.ok(thought?.type === "thinking" && text?.type === "text");
    assert.equal(thought.thinking.split(" ").length, 6);
    assert.ok(thought.signature.length > 0);
    assert.equal(text.text.split(" ").length, 4);
    assert.equal(usage.output_tokens, 10);
    assert.equal(usage.output_tokens_details?.thinking_tokens, 6);
  }
});

test("a thinking budget not below max_tokens is refused, as the provider does", async () => {
  const thinking = { type: "enabled" as const, budget_tokens: 1024 };
  await assert.rejects(
    client.messages.create({ ...ask("hi"), max_tokens: 1024, thinking }),
    /greater than `thinking.budget_tokens`/,
  );
});

test("an offered tool is called, whole and streamed, and its result gets a text answer", async () => {
  const whole = await client.messages.create({ ...ask("hi"), tools: [weather] });
  const streamed = await client.messages.stream({ ...ask("hi"), tools: [weather] }).finalMessage();
  for (const answer of [whole, streamed]) {
    const [call] = answer.content;
    assert.ok(call?.type === "tool_use");
    assert.deepEqual(call.input, { city: "sample" });
    assert.equal(answer.stop_reason, "tool_use");
  }
  const [call] = whole.content;
  assert.ok(call?.type === "tool_use");
  const messages = [
    { role: "user" as const, content: "hi" },
    { role: "assistant" as const, content: whole.content },
    {
      role: "user" as const,
      content: [{ type: "tool_result" as const, tool_use_id: call.id, content: "sunny" }],
    },
  ];
  const second = await client.messages.create({
    model: "m",
    max_tokens: 100,
    messages,
    tools: [weather],
  });
  assert.equal(second.stop_reason, "end_turn");
  const forced = await client.messages.create({
    model: "m",
    max_tokens: 100,
    messages,
    tools: [weather],
    tool_choice: { type: "any" },
  });
  assert.equal(forced.stop_reason, "tool_use");
});

test("a marked prefix is written on first use and read from then on", async () => {
  const system = [
    {
      type: "text" as const,
      text: "p".repeat(400),
      cache_control: { type: "ephemeral" as const, ttl: "1h" as const },
    },
  ];
  const first = await client.messages.create({ ...ask("one"), system });
  const second = await client.messages.create({ ...ask("two"), system });
  assert.deepEqual(first.usage.cache_creation, {
    ephemeral_5m_input_tokens: 0,
    ephemeral_1h_input_tokens: 100,
  });
  assert.deepEqual(
    [first.usage.cache_read_input_tokens, second.usage.cache_read_input_tokens],
    [0, 100],
  );
  assert.equal(first.usage.input_tokens, second.usage.input_tokens);
  const other = await client.messages.create({ ...ask("one"), model: "other", system });
  assert.equal(other.usage.cache_read_input_tokens, 0);
});

test("count_tokens returns the input that a message would be billed, and bills nothing", async () => {
  const before = simulator.books.size;
  const { input_tokens: counted } = await client.messages.countTokens({
    model: "m",
    messages: ask("how many tokens is this").messages,
  });
  assert.equal(simulator.books.size, before);
  const { usage } = await client.messages.create(ask("how many tokens is this"));
  assert.equal(usage.input_tokens, counted);
});

test("bare /v1/messages and /v1/models use this wire too", async () => {
  const bare = new Anthropic({ apiKey: "none", baseURL: simulator.url });
  assert.equal((await bare.messages.create(ask("hi"))).type, "message");
  const models = await Array.fromAsync(bare.models.list());
  assert.equal(models[0]?.type, "model");
});

test("an overloaded provider reports it in this wire's format", async () => {
  await assert.rejects(client.messages.create(ask("[[sim fault=529]]")), (error: unknown) => {
    assert.ok(error instanceof APIError);
    assert.equal(error.status, 529);
    assert.equal(error.type, "overloaded_error");
    return true;
  });
});
