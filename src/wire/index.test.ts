import assert from "node:assert/strict";
import { test } from "node:test";
import { gatewayWireNames, wireFormat } from "./index.ts";

test("every format is found under its own name", () => {
  assert.deepEqual([...gatewayWireNames].sort(), ["anthropic", "gemini", "openai"]);
  for (const name of gatewayWireNames) assert.equal(wireFormat(name).name, name);
});

test("the OpenAI format is made in the dialect that is asked for", () => {
  const fitted = (newTokenField: "max_tokens" | "max_completion_tokens"): unknown => {
    const wire = wireFormat("openai", { newTokenField });
    const body = wire.read(wire.endpoint("POST", "/chat/completions"), Buffer.from('{"model":"m"}')).edit({ maxOutputTokens: 3 });
    return JSON.parse(Buffer.from(body).toString());
  };
  assert.deepEqual(fitted("max_tokens"), { model: "m", max_tokens: 3 });
  assert.deepEqual(fitted("max_completion_tokens"), { model: "m", max_completion_tokens: 3 });
});
