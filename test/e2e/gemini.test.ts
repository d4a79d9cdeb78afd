/**
 * Google's SDK through the gateway: whole and streamed content, tools, thoughts and token counting.
 */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { Type, type Content, type FunctionDeclaration, type GoogleGenAI } from "@google/genai";
import { collect, geminiAt, steer, tagged } from "./client.ts";
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

const weather: FunctionDeclaration = {
  name: "weather",
  description: "Tells the weather.",
  parameters: {
    type: Type.OBJECT,
    properties: { city: { type: Type.STRING } },
    required: ["city"],
  },
};

const doors = [
  { name: "at /gemini", path: "/gemini", model: "sim-small", tag: "g" },
  {
    name: "at /v1beta/models with a provider in the model's name",
    path: "",
    model: "gemini/sim-small",
    tag: "u",
  },
] as const;

for (const door of doors) {
  describe(door.name, () => {
    const { model } = door;
    const check = (tag: string) => assertSettledAsBilled({ gateway, simulator }, tag);
    const named = (name: string) => {
      const tag = `${door.tag}-${name}`;
      const { headers, directive } = tagged(tag);
      const client: GoogleGenAI = geminiAt(gateway, { key, path: door.path, headers });
      return { tag, client, ask: (more: string) => steer(`${directive} ${more}`) };
    };

    test("whole content arrives as the provider sent it, and is charged to the token", async () => {
      const { tag, client, ask } = named("whole");
      const answer = await client.models.generateContent({
        model,
        contents: ask("input=52 cached=20 output=21 reasoning=6"),
        config: { maxOutputTokens: 60, systemInstruction: "Be brief." },
      });
      const usage = answer.usageMetadata;
      assert.deepEqual(
        [usage?.promptTokenCount, usage?.candidatesTokenCount, usage?.thoughtsTokenCount],
        [72, 15, 6],
      );
      assert.equal(answer.candidates?.[0]?.finishReason, "STOP");
      await check(tag);
    });

    test("streamed content comes in pieces and ends with its finish reason", async () => {
      const { tag, client, ask } = named("stream");
      const chunks = await collect(
        await client.models.generateContentStream({ model, contents: ask("output=13") }),
      );
      assert.equal(
        chunks
          .map(({ text }) => text ?? "")
          .join("")
          .trim()
          .split(/\s+/).length,
        13,
      );
      assert.equal(chunks.at(-1)?.candidates?.[0]?.finishReason, "STOP");
      await check(tag);
    });

    test("a tool is called, whole and streamed, and its result is answered", async () => {
      const config = { tools: [{ functionDeclarations: [weather] }] };
      const { tag, client, ask } = named("tool");
      const asked = await client.models.generateContent({ model, contents: ask(""), config });
      const [call] = asked.functionCalls ?? [];
      assert.equal(call?.name, "weather");
      await check(tag);

      const result = named("tool-result");
      const contents: Content[] = [
        { role: "user", parts: [{ text: result.ask("") }] },
        { role: "model", parts: asked.candidates?.[0]?.content?.parts ?? [] },
        {
          role: "user",
          parts: [{ functionResponse: { name: "weather", response: { weather: "rain" } } }],
        },
      ];
      const answered = await result.client.models.generateContent({ model, contents, config });
      assert.ok(answered.text);
      await check(result.tag);

      const streamed = named("tool-stream");
      const chunks = await collect(
        await streamed.client.models.generateContentStream({
          model,
          contents: streamed.ask(""),
          config,
        }),
      );
      assert.ok(chunks.some(({ functionCalls }) => functionCalls?.[0]?.name === "weather"));
      await check(streamed.tag);
    });

    test("counting tokens costs nothing, and leaves nothing in the ledger", async () => {
      const { client, ask } = named("count");
      const before = (await gateway.entries()).length;
      const count = await client.models.countTokens({ model, contents: ask("") });
      assert.ok((count.totalTokens ?? 0) > 0);
      assert.equal((await gateway.entries()).length, before);
    });
  });
}
