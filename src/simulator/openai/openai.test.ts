/** The OpenAI wire, driven by the official SDK. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import OpenAI, { BadRequestError, RateLimitError } from "openai";
import type { BookRow } from "../books.ts";
import { startSimulator } from "../simulator.ts";

const simulator = await startSimulator();
after(() => simulator.close());

function client(prefix = "/openai/v1"): OpenAI {
  return new OpenAI({ apiKey: "none", baseURL: simulator.url + prefix, maxRetries: 0 });
}

function rowOf(id: string): BookRow {
  const row = simulator.books.rows().find((one) => one.id === id);
  assert.ok(row, `a row of ${id}`);
  return row;
}

const say = (content: string) => [{ role: "user" as const, content }];
const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 3 },
        unit: { enum: ["c", "f"] },
      },
    },
  },
};

test("a whole completion bills the usage it reports, by the documented rule for input", async () => {
  const answer = await client().chat.completions.create({
    model: "m",
    messages: say("twelve bytes"),
  });
  assert.equal(answer.usage?.prompt_tokens, 3 + 4 + 3);
  assert.equal(answer.usage.completion_tokens, 32);
  assert.equal(answer.choices[0]?.message.content?.split(" ").length, 32);
  assert.equal(answer.choices[0].finish_reason, "stop");
  const row = rowOf(answer.id);
  assert.deepEqual(
    [row.input, row.output, row.billed, row.finished, row.cut_at],
    [10, 32, true, true, null],
  );
});

test("a directive sets disjoint counts, and the format reports them its own way", async () => {
  const text =
    "[[sim input=374 cached=100 cache_write=7 output=44 reasoning=20 served=m-2026 tag=join-1]]";
  const answer = await client().chat.completions.create({ model: "m", messages: say(text) });
  assert.equal(answer.model, "m-2026");
  assert.equal(answer.usage?.prompt_tokens, 481);
  assert.deepEqual(
    [
      answer.usage.prompt_tokens_details?.cached_tokens,
      answer.usage.prompt_tokens_details?.cache_write_tokens,
    ],
    [100, 7],
  );
  assert.deepEqual(
    [answer.usage.completion_tokens, answer.usage.completion_tokens_details?.reasoning_tokens],
    [44, 20],
  );
  assert.equal(answer.choices[0]?.message.content?.split(" ").length, 24);
  const [row] = simulator.books.tagged("join-1");
  assert.deepEqual(
    [row?.id, row?.model, row?.input, row?.cache_read, row?.cache_write_5m, row?.reasoning],
    [answer.id, "m-2026", 374, 100, 7, 20],
  );
});

test("the body field sim overrides the directive in the text", async () => {
  const body = { model: "m", messages: say("[[sim output=5 input=9]]"), sim: { output: 6 } };
  const { usage } = await client().chat.completions.create(body);
  assert.deepEqual([usage?.prompt_tokens, usage?.completion_tokens], [9, 6]);
});

test("the token limit ends an answer, under both of its names", async () => {
  for (const ceiling of [{ max_tokens: 3 }, { max_completion_tokens: 3 }]) {
    const answer = await client().chat.completions.create({
      model: "m",
      messages: say("hello"),
      ...ceiling,
    });
    assert.equal(answer.choices[0]?.finish_reason, "length");
    assert.equal(answer.usage?.completion_tokens, 3);
    assert.equal(rowOf(answer.id).output, 3);
  }
});

test("every choice is generated and billed", async () => {
  const answer = await client().chat.completions.create({
    model: "m",
    messages: say("[[sim output=4]]"),
    n: 3,
  });
  assert.equal(answer.choices.length, 3);
  assert.equal(answer.usage?.completion_tokens, 12);
  assert.equal(rowOf(answer.id).output, 12);
});

test("a stream without include_usage has no usage, and is billed the same", async () => {
  const stream = await client().chat.completions.create({
    model: "m",
    messages: say("[[sim output=6]]"),
    stream: true,
  });
  let id = "";
  let text = "";
  for await (const chunk of stream) {
    id = chunk.id;
    text += chunk.choices[0]?.delta.content ?? "";
    assert.equal("usage" in chunk, false);
  }
  assert.equal(text.split(" ").length, 6);
  assert.deepEqual([rowOf(id).output, rowOf(id).finished], [6, true]);
});

test("a stream with include_usage has null on every chunk and the usage on a last one without choices", async () => {
  const stream = await client().chat.completions.create({
    model: "m",
    messages: say("[[sim output=6 input=11 cached=2]]"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const last = chunks.pop();
  assert.ok(chunks.every((chunk) => chunk.usage === null));
  assert.deepEqual(last?.choices, []);
  assert.deepEqual(
    [last?.usage?.prompt_tokens, last?.usage?.completion_tokens, last?.usage?.total_tokens],
    [13, 6, 19],
  );
});

test("the SDK's stream assembles several choices", async () => {
  const stream = client().chat.completions.stream({
    model: "m",
    messages: say("[[sim output=3]]"),
    n: 2,
    stream_options: { include_usage: true },
  });
  const answer = await stream.finalChatCompletion();
  assert.deepEqual(
    answer.choices.map((choice) => choice.message.content?.split(" ").length),
    [3, 3],
  );
  assert.equal(answer.usage?.completion_tokens, 6);
});

test("an offered tool is called with arguments that match its schema, and its result gets a text answer", async () => {
  const first = await client().chat.completions.create({
    model: "m",
    messages: say("hi"),
    tools: [weather],
  });
  const [call] = first.choices[0]?.message.tool_calls ?? [];
  assert.equal(first.choices[0]?.finish_reason, "tool_calls");
  assert.ok(call?.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "sample", days: 3, unit: "c" });

  const messages = [
    ...say("hi"),
    first.choices[0].message,
    { role: "tool" as const, tool_call_id: call.id, content: "sunny" },
  ];
  const second = await client().chat.completions.create({ model: "m", messages, tools: [weather] });
  assert.equal(second.choices[0]?.finish_reason, "stop");
  const third = await client().chat.completions.create({
    model: "m",
    messages,
    tools: [weather],
    tool_choice: "required",
  });
  assert.equal(third.choices[0]?.finish_reason, "tool_calls");
  const none = await client().chat.completions.create({
    model: "m",
    messages: say("hi"),
    tools: [weather],
    tool_choice: "none",
  });
  assert.equal(none.choices[0]?.finish_reason, "stop");
});

test("a streamed tool call comes in pieces that add up to the same arguments", async () => {
  const stream = client().chat.completions.stream({
    model: "m",
    messages: say("hi"),
    tools: [weather],
    stream_options: { include_usage: true },
  });
  const answer = await stream.finalChatCompletion();
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  assert.ok(call?.type === "function");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "sample", days: 3, unit: "c" });
  assert.equal(rowOf(answer.id).output, answer.usage?.completion_tokens);
});

test("a structured answer matches its schema", async () => {
  const schema = {
    type: "object",
    properties: { ok: { type: "boolean" }, list: { type: "array", items: { type: "number" } } },
  };
  const answer = await client().chat.completions.create({
    model: "m",
    messages: say("hi"),
    response_format: { type: "json_schema", json_schema: { name: "s", schema } },
  });
  assert.deepEqual(JSON.parse(answer.choices[0]?.message.content ?? ""), { ok: true, list: [1] });
});

test("DeepSeek reports hits and misses, and puts the usage of a stream on the finishing chunk", async () => {
  const stream = await client("/deepseek/v1").chat.completions.create({
    model: "m",
    messages: say("[[sim input=19 cached=320 output=8 reasoning=3]]"),
    stream: true,
  });
  const chunks = await Array.fromAsync(stream);
  const last = chunks.at(-1);
  assert.ok(last);
  assert.equal(last.choices[0]?.finish_reason, "stop");
  const usage = last.usage as unknown as Record<string, number>;
  assert.deepEqual(
    [usage["prompt_tokens"], usage["prompt_cache_hit_tokens"], usage["prompt_cache_miss_tokens"]],
    [339, 320, 19],
  );
  const thoughts = chunks
    .map(
      (chunk) =>
        (chunk.choices[0]?.delta as { reasoning_content?: string } | undefined)
          ?.reasoning_content ?? "",
    )
    .join("");
  assert.equal(thoughts.split(" ").length, 3);
});

test("xAI excludes reasoning from completion_tokens, and reports its cost in ticks", async () => {
  const answer = await client("/xai/v1").chat.completions.create({
    model: "m",
    messages: say("[[sim input=12 output=229 reasoning=228 cost_usd=0.00011765]]"),
  });
  const usage = answer.usage as unknown as Record<string, number>;
  assert.deepEqual(
    [usage["completion_tokens"], usage["total_tokens"], usage["cost_in_usd_ticks"]],
    [1, 241, 1176500],
  );
  assert.equal(rowOf(answer.id).output, 229);
});

test("OpenRouter sends comments, its cost, and the usage with a choice", async () => {
  const api = client("/openrouter/v1");
  const body = {
    model: "sim/small",
    messages: say("[[sim input=3 output=4]]"),
    stream: true,
  } as const;
  const raw = await api.chat.completions.create(body).asResponse();
  assert.match(await raw.text(), /^: OPENROUTER PROCESSING\n\n/);
  const chunks = await Array.fromAsync(await api.chat.completions.create(body));
  const last = chunks.at(-1);
  assert.ok(last);
  assert.equal(last.choices.length, 1);
  assert.equal((last.usage as unknown as { cost: number }).cost, 0.000007);
  assert.match(chunks[0]?.id ?? "", /^gen-sim-/);
});

test("a response is complete, and reports usage in that endpoint's format", async () => {
  const answer = await client().responses.create({
    model: "m",
    input: "[[sim input=10 cached=4 output=9 reasoning=2 web_search=2]]",
  });
  assert.equal(answer.status, "completed");
  assert.equal(answer.output_text.split(" ").length, 7);
  assert.deepEqual(
    answer.output.map((item) => item.type),
    ["reasoning", "web_search_call", "web_search_call", "message"],
  );
  assert.deepEqual(
    [
      answer.usage?.input_tokens,
      answer.usage?.input_tokens_details.cached_tokens,
      answer.usage?.output_tokens,
    ],
    [14, 4, 9],
  );
  assert.equal(rowOf(answer.id).web_search, 2);
});

test("the SDK's stream assembles a response from its events", async () => {
  const stream = client().responses.stream({
    model: "m",
    input: "[[sim output=9 reasoning=2 web_search=1]]",
  });
  const types = new Set<string>();
  stream.on("event", (event) => types.add(event.type));
  const answer = await stream.finalResponse();
  assert.equal(answer.output_text.split(" ").length, 7);
  assert.equal(answer.usage?.output_tokens, 9);
  assert.equal(rowOf(answer.id).output, 9);
  for (const type of [
    "response.created",
    "response.in_progress",
    "response.output_text.delta",
    "response.completed",
  ])
    assert.ok(types.has(type), type);
});

test("a response cut by max_output_tokens is incomplete", async () => {
  const whole = await client().responses.create({ model: "m", input: "hi", max_output_tokens: 2 });
  assert.deepEqual(
    [whole.status, whole.incomplete_details?.reason, whole.usage?.output_tokens],
    ["incomplete", "max_output_tokens", 2],
  );
  const events = await Array.fromAsync(
    await client().responses.create({
      model: "m",
      input: "hi",
      max_output_tokens: 2,
      stream: true,
    }),
  );
  assert.equal(events.at(-1)?.type, "response.incomplete");
});

test("a response calls a tool, whole and streamed", async () => {
  const tool = {
    type: "function" as const,
    name: "weather",
    parameters: weather.function.parameters,
    strict: false,
  };
  const whole = await client().responses.create({ model: "m", input: "hi", tools: [tool] });
  const streamed = await client()
    .responses.stream({ model: "m", input: "hi", tools: [tool] })
    .finalResponse();
  for (const { output } of [whole, streamed]) {
    const [call] = output;
    assert.ok(call?.type === "function_call");
    assert.deepEqual(JSON.parse(call.arguments), { city: "sample", days: 3, unit: "c" });
  }
  const [call] = whole.output;
  assert.ok(call?.type === "function_call");
  const result = { type: "function_call_output" as const, call_id: call.call_id, output: "sunny" };
  const second = await client().responses.create({
    model: "m",
    input: [{ role: "user", content: "hi" }, call, result],
    tools: [tool],
  });
  assert.equal(second.output[0]?.type, "message");
});

test("embeddings are the same as numbers and as base64", async () => {
  const input = ["one text", "another text"];
  const numbers = await client().embeddings.create({
    model: "e",
    input,
    dimensions: 8,
    encoding_format: "float",
  });
  const decoded = await client().embeddings.create({ model: "e", input, dimensions: 8 });
  assert.equal(numbers.data.length, 2);
  assert.notDeepEqual(numbers.data[0]?.embedding, numbers.data[1]?.embedding);
  assert.deepEqual(Array.from(decoded.data[0]?.embedding ?? []), numbers.data[0]?.embedding);
  assert.deepEqual(numbers.usage, { prompt_tokens: 5, total_tokens: 5 });
  const row = simulator.books.rows().at(-1);
  assert.deepEqual([row?.endpoint, row?.input, row?.output], ["embeddings", 5, 0]);
});

test("models are listed, and any name is found", async () => {
  const list = await Array.fromAsync(await client().models.list());
  assert.deepEqual(
    list.map((model) => model.id),
    ["sim-small", "sim-large"],
  );
  assert.equal((await client().models.retrieve("anything")).id, "anything");
});

test("a request that the provider would refuse is refused, and recorded as not billed", async () => {
  const before = simulator.books.summary().not_billed;
  await assert.rejects(
    client().chat.completions.create({ model: "m", messages: say("[[sim outputs=3]]") }),
    /sim\.outputs.*The keys are/,
  );
  await assert.rejects(
    client().chat.completions.create({ model: "m", messages: say("[[sim output=3 reasoning=4]]") }),
    /includes the reasoning/,
  );
  await assert.rejects(
    client().chat.completions.create({ model: "m", messages: say("hi"), max_tokens: -1 }),
    BadRequestError,
  );
  await assert.rejects(
    client().chat.completions.create({ model: "m", messages: say("[[sim fault=429:2]]") }),
    RateLimitError,
  );
  assert.equal(simulator.books.summary().not_billed, before + 4);
});
