/**
 * Anthropic's SDK through the gateway: messages, streams, tools, thinking and the prompt cache,
 * each charged as billed.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type Anthropic from "@anthropic-ai/sdk";
import { anthropicAt, collect, steer, tagged } from "./client.ts";
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

const weather: Anthropic.Tool = {
  name: "weather",
  description: "Tells the weather.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const doors = [
  { name: "at /anthropic", path: "/anthropic", model: "sim-large", tag: "a" },
  {
    name: "at /v1/messages with a provider in the model's name",
    path: "",
    model: "anthropic/sim-large",
    tag: "u",
  },
] as const;

for (const door of doors) {
  describe(door.name, () => {
    const client = (): Anthropic => anthropicAt(gateway, { key, path: door.path });
    const { model } = door;
    const check = (tag: string) => assertSettledAsBilled({ gateway, simulator }, tag);
    const named = (name: string) => {
      const tag = `${door.tag}-${name}`;
      const { headers, directive } = tagged(tag);
      const ask = (more: string): Anthropic.MessageParam[] => [
        { role: "user", content: steer(`${directive} ${more}`) },
      ];
      return { tag, headers, ask };
    };

    test("a whole message arrives as the provider sent it, and is charged to the token", async () => {
      const { tag, headers, ask } = named("whole");
      const request = {
        model,
        max_tokens: 50,
        messages: ask("input=41 cached=30 cache_write=20 cache_write_1h=10 output=19"),
      };
      const { data, response } = await client()
        .messages.create(request, { headers })
        .withResponse();
      const { usage } = data;
      assert.deepEqual(
        [
          usage.input_tokens,
          usage.cache_read_input_tokens,
          usage.cache_creation_input_tokens,
          usage.output_tokens,
        ],
        [41, 30, 30, 19],
      );
      const entry = await check(tag);
      assert.equal(response.headers.get("x-purser-cost-usd"), entry.cost_usd);
    });

    test("a stream is read event by event, and its helper gathers the final message", async () => {
      const plain = named("stream");
      const events = await collect(
        await client().messages.create(
          { model, max_tokens: 50, messages: plain.ask("output=9"), stream: true },
          plain,
        ),
      );
      assert.deepEqual(
        [events.at(0)?.type, events.at(-1)?.type],
        ["message_start", "message_stop"],
      );
      await check(plain.tag);

      const helped = named("helper");
      const stream = client().messages.stream(
        { model, max_tokens: 50, messages: helped.ask("output=11") },
        helped,
      );
      const message = await stream.finalMessage();
      assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["end_turn", 11]);
      await check(helped.tag);
    });

    test("a tool is called, whole and streamed, and its result is answered", async () => {
      const { tag, headers, ask } = named("tool");
      const asked = await client().messages.create(
        { model, max_tokens: 99, messages: ask(""), tools: [weather] },
        { headers },
      );
      const call = asked.content.find((block) => block.type === "tool_use");
      assert.deepEqual([call?.name, asked.stop_reason], ["weather", "tool_use"]);
      await check(tag);

      const result = named("tool-result");
      const turn: Anthropic.MessageParam[] = [
        ...result.ask(""),
        { role: "assistant", content: asked.content },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "Rain." }],
        },
      ];
      const answered = await client().messages.create(
        { model, max_tokens: 99, messages: turn, tools: [weather] },
        result,
      );
      assert.equal(answered.stop_reason, "end_turn");
      await check(result.tag);

      const streamed = named("tool-stream");
      const message = await client()
        .messages.stream(
          { model, max_tokens: 99, messages: streamed.ask(""), tools: [weather] },
          streamed,
        )
        .finalMessage();
      const streamedCall = message.content.find((block) => block.type === "tool_use");
      assert.ok(streamedCall);
      assert.equal(typeof (streamedCall.input as { city?: unknown }).city, "string");
      await check(streamed.tag);
    });

    test("a prompt cache is written once per lifetime, and read after that", async () => {
      for (const ttl of ["5m", "1h"] as const) {
        const system: Anthropic.TextBlockParam[] = [
          {
            type: "text",
            text: `The law of ${door.tag} and ${ttl}. `.repeat(40),
            cache_control: { type: "ephemeral", ttl },
          },
        ];
        const first = named(`cache-${ttl}-write`);
        await client().messages.create(
          { model, max_tokens: 20, system, messages: first.ask("") },
          first,
        );
        const written = await check(first.tag);
        assert.ok((written.usage[`cache_write_${ttl}`] ?? 0) > 100);
        assert.equal(written.usage.cache_read, 0);

        const second = named(`cache-${ttl}-read`);
        await client()
          .messages.stream({ model, max_tokens: 20, system, messages: second.ask("") }, second)
          .finalMessage();
        const read = await check(second.tag);
        assert.deepEqual(
          [read.usage.cache_read, read.usage[`cache_write_${ttl}`]],
          [written.usage[`cache_write_${ttl}`], 0],
        );
      }
    });

    test("thinking passes, whole and streamed, and is charged inside the output", async () => {
      const thinking = { type: "enabled", budget_tokens: 1024 } as const;
      const whole = named("thinking");
      const request = { model, max_tokens: 2000, thinking };
      const message = await client().messages.create(
        { ...request, messages: whole.ask("output=30 reasoning=12") },
        whole,
      );
      assert.equal(message.content[0]?.type, "thinking");
      assert.deepEqual(
        [(await check(whole.tag)).usage.output, (await check(whole.tag)).usage.reasoning],
        [30, 12],
      );

      const streamed = named("thinking-stream");
      const final = await client()
        .messages.stream({ ...request, messages: streamed.ask("output=30 reasoning=12") }, streamed)
        .finalMessage();
      assert.equal(final.content[0]?.type, "thinking");
      await check(streamed.tag);
    });

    test("counting tokens costs nothing, and leaves nothing in the ledger", async () => {
      const { headers, ask } = named("count");
      const before = (await gateway.entries()).length;
      const count = await client().messages.countTokens({ model, messages: ask("") }, { headers });
      assert.ok(count.input_tokens > 0);
      assert.equal((await gateway.entries()).length, before);
    });
  });
}

test("models are listed", async () => {
  const models = await collect(anthropicAt(gateway, { key, path: "/anthropic" }).models.list());
  assert.ok(models.some(({ id }) => id === "sim-large"));
});
