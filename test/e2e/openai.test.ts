/**
 * OpenAI's SDK through the gateway: every kind of call works unchanged and is charged as billed.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type OpenAI from "openai";
import { collect, openaiAt, steer, tagged } from "./client.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { assertSettledAsBilled } from "./reconcile.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

const weather: OpenAI.ChatCompletionFunctionTool = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

type Message = OpenAI.ChatCompletionMessageParam;

const doors = [
  { name: "at /openai/v1", path: "/openai", model: "sim-small", tag: "o" },
  {
    name: "at /v1 with a provider in the model's name",
    path: "",
    model: "openai/sim-small",
    tag: "u",
  },
] as const;

for (const door of doors) {
  describe(door.name, () => {
    const client = (): OpenAI => openaiAt(gateway, { key, path: door.path });
    const { model } = door;
    const check = (tag: string) => assertSettledAsBilled({ gateway, simulator }, tag);
    const named = (name: string) => {
      const tag = `${door.tag}-${name}`;
      const { headers, directive } = tagged(tag);
      const ask = (more: string): Message[] => [
        { role: "system", content: "Be brief." },
        { role: "user", content: steer(`${directive} ${more}`) },
      ];
      return { tag, headers, ask, text: (more: string) => steer(`${directive} ${more}`) };
    };

    test("a whole chat completion arrives as the provider sent it, and is charged to the token", async () => {
      const { tag, headers, ask } = named("whole");
      const answer = await client()
        .chat.completions.create(
          { model, messages: ask("input=40 cached=24 output=17 reasoning=5"), max_tokens: 50 },
          { headers },
        )
        .withResponse();
      assert.deepEqual(answer.data.usage?.prompt_tokens, 64);
      assert.equal(answer.data.choices[0]?.finish_reason, "stop");
      assert.equal(answer.response.headers.get("x-purser-operation-id"), tag);
      const entry = await check(tag);
      assert.equal(answer.response.headers.get("x-purser-cost-usd"), entry.cost_usd);
      assert.deepEqual(entry.attribution, { project: "p1" });
    });

    test("a streamed chat completion ends without the usage that Purser asked for, when the caller did not", async () => {
      const { tag, headers, ask } = named("stream");
      const stream = await client().chat.completions.create(
        { model, messages: ask("output=12"), stream: true },
        { headers },
      );
      const chunks = await collect(stream);
      assert.ok(chunks.every(({ choices, usage }) => choices.length === 1 && !usage));
      const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
      assert.equal(text.trim().split(/\s+/).length, 12);
      assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, "stop");
      await check(tag);
    });

    test("a streamed chat completion has the usage chunk, when the caller asked for it", async () => {
      const { tag, headers, ask } = named("usage");
      const options = { stream: true, stream_options: { include_usage: true } } as const;
      const chunks = await collect(
        await client().chat.completions.create(
          { model, messages: ask("input=31 output=9"), ...options },
          { headers },
        ),
      );
      const last = chunks.at(-1);
      assert.deepEqual(
        [last?.choices, last?.usage?.prompt_tokens, last?.usage?.completion_tokens],
        [[], 31, 9],
      );
      await check(tag);
    });

    test("the SDK's stream helper gathers a final completion", async () => {
      const { tag, headers, ask } = named("helper");
      const stream = client().chat.completions.stream(
        { model, messages: ask("output=6") },
        { headers },
      );
      const completion = await stream.finalChatCompletion();
      assert.equal(completion.choices[0]?.message.content?.trim().split(/\s+/).length, 6);
      await check(tag);
    });

    test("two choices are both charged, whole and streamed", async () => {
      const { tag, headers, ask } = named("n");
      const whole = await client().chat.completions.create(
        { model, messages: ask("output=8"), n: 2 },
        { headers },
      );
      assert.deepEqual([whole.choices.length, whole.usage?.completion_tokens], [2, 16]);
      assert.equal((await check(tag)).usage.output, 16);

      const streamed = named("n-stream");
      const chunks = await collect(
        await client().chat.completions.create(
          { model, messages: streamed.ask("output=8"), n: 2, stream: true },
          { headers: streamed.headers },
        ),
      );
      assert.deepEqual(
        new Set(chunks.flatMap(({ choices }) => choices.map(({ index }) => index))),
        new Set([0, 1]),
      );
      assert.equal((await check(streamed.tag)).usage.output, 16);
    });

    test("a tool is called, and its result is answered", async () => {
      const { tag, headers, ask } = named("tool");
      const messages = ask("");
      const asked = await client().chat.completions.create(
        { model, messages, tools: [weather] },
        { headers },
      );
      const message = asked.choices[0]?.message;
      const [call] = message?.tool_calls ?? [];
      assert.ok(message && call?.type === "function" && call.function.name === "weather");
      assert.equal(
        typeof (JSON.parse(call.function.arguments) as { city: unknown }).city,
        "string",
      );
      await check(tag);

      const next = named("tool-result");
      const result: Message = { role: "tool", tool_call_id: call.id, content: "Rain." };
      const answered = await client().chat.completions.create(
        { model, messages: [...next.ask(""), message, result], tools: [weather] },
        { headers: next.headers },
      );
      assert.equal(answered.choices[0]?.finish_reason, "stop");
      await check(next.tag);
    });

    test("a streamed tool call is gathered by the SDK, and its arguments are JSON", async () => {
      const { tag, headers, ask } = named("tool-stream");
      const stream = client().chat.completions.stream(
        { model, messages: ask(""), tools: [weather] },
        { headers },
      );
      const completion = await stream.finalChatCompletion();
      const [call] = completion.choices[0]?.message.tool_calls ?? [];
      assert.ok(call?.type === "function");
      assert.equal(
        typeof (JSON.parse(call.function.arguments) as { city: unknown }).city,
        "string",
      );
      assert.equal(completion.choices[0]?.finish_reason, "tool_calls");
      await check(tag);
    });

    test("a response is answered whole, streamed, and by the stream helper", async () => {
      const whole = named("response");
      const answer = await client().responses.create(
        { model, input: whole.text("input=50 cached=10 output=14 reasoning=4") },
        { headers: whole.headers },
      );
      assert.deepEqual(
        [answer.status, answer.usage?.input_tokens, answer.usage?.output_tokens],
        ["completed", 60, 14],
      );
      assert.ok(answer.output_text.length > 0);
      await check(whole.tag);

      const streamed = named("response-stream");
      const events = await collect(
        await client().responses.create(
          { model, input: streamed.text("output=7"), stream: true },
          { headers: streamed.headers },
        ),
      );
      assert.equal(events.at(0)?.type, "response.created");
      assert.equal(events.at(-1)?.type, "response.completed");
      await check(streamed.tag);

      const helped = named("response-helper");
      const final = await client()
        .responses.stream({ model, input: helped.text("output=5") }, { headers: helped.headers })
        .finalResponse();
      assert.equal(final.output_text.trim().split(/\s+/).length, 5);
      await check(helped.tag);
    });

    test("a response calls a tool, and its result is answered", async () => {
      const { tag, headers, text } = named("response-tool");
      const { name, parameters = {} } = weather.function;
      const tool = { type: "function", name, parameters, strict: false } as const;
      const input = [{ role: "user", content: text("") }] as const;
      const asked = await client().responses.create(
        { model, input: [...input], tools: [tool] },
        { headers },
      );
      const call = asked.output.find((item) => item.type === "function_call");
      assert.equal(call?.name, "weather");
      await check(tag);

      const next = named("response-tool-result");
      const result = {
        type: "function_call_output",
        call_id: call.call_id,
        output: "Rain.",
      } as const;
      const answered = await client().responses.create(
        { model, input: [{ role: "user", content: next.text("") }, call, result], tools: [tool] },
        { headers: next.headers },
      );
      assert.ok(answered.output_text.length > 0);
      await check(next.tag);
    });

    test("embeddings come as numbers, which the SDK asks for as base64, and as floats", async () => {
      const embedder = model.replace("small", "embed");
      const plain = named("embed");
      const decoded = await client().embeddings.create(
        { model: embedder, input: ["one text", plain.text("")] },
        { headers: plain.headers },
      );
      assert.deepEqual([decoded.data.length, decoded.data[0]?.embedding.length], [2, 256]);
      await check(plain.tag);

      const floats = named("embed-float");
      const given = await client().embeddings.create(
        { model: embedder, input: floats.text(""), encoding_format: "float", dimensions: 8 },
        { headers: floats.headers },
      );
      assert.ok(given.data[0]?.embedding.every((value) => typeof value === "number"));
      await check(floats.tag);
    });

    test("an answer that reaches max_tokens ends with finish_reason length", async () => {
      const { tag, headers, ask } = named("length");
      const answer = await client().chat.completions.create(
        { model, messages: ask("output=90"), max_completion_tokens: 20 },
        { headers },
      );
      assert.deepEqual(
        [answer.choices[0]?.finish_reason, answer.usage?.completion_tokens],
        ["length", 20],
      );
      await check(tag);
    });
  });
}

test("both paths list models, free and without ledger entries", async () => {
  const before = (await gateway.entries()).length;
  for (const { path } of doors) {
    const models = await collect(openaiAt(gateway, { key, path }).models.list());
    assert.ok(
      models.some(({ id }) => id.endsWith("sim-small")),
      `${path}: ${models.map(({ id }) => id).join(", ")}`,
    );
  }
  assert.equal((await gateway.entries()).length, before);
});

test("nothing is held when all calls have ended, and the chain of the ledger is whole", async () => {
  await gateway.flush();
  const verified = await gateway.api("POST", "/api/v1/verify");
  assert.equal(verified.json["ok"], true);
});
