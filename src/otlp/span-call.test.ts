/** Tests which spans are model calls, and what they say of provider, model, tier and cost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObservedCall } from "../app/port/telemetry.ts";
import { formatUsd } from "../domain/money/money.ts";
import { callOfSpan } from "./span-call.ts";

type Values = Readonly<Record<string, string>>;

function read(values: Values, failed = false): ObservedCall | null {
  return callOfSpan({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: null,
    name: "a span",
    startedAt: 1000,
    endedAt: 3000,
    failed,
    attributes: new Map(Object.entries(values)),
    resource: new Map(),
  });
}

const counts = { "gen_ai.usage.input_tokens": "10", "gen_ai.request.model": "m" };
const chat = { ...counts, "gen_ai.operation.name": "chat" };

const operations: readonly (readonly [values: Values, endpoint: string | null])[] = [
  [{ "gen_ai.operation.name": "generate_content" }, "generate_content"],
  [{ "gen_ai.operation.name": "embeddings" }, "embeddings"],
  [{ "gen_ai.operation.name": "invoke_agent" }, null],
  [{ "gen_ai.operation.name": "execute_tool" }, null],
  [{ "ai.operationId": "ai.generateText" }, null],
  [{ "ai.operationId": "ai.streamText.doStream" }, "chat"],
  [{ "openinference.span.kind": "LLM" }, "chat"],
  [{ "openinference.span.kind": "CHAIN" }, null],
  [{ "traceloop.span.kind": "workflow", "llm.request.type": "chat" }, null],
  [{ "llm.request.type": "completion" }, "text_completion"],
  [{ "sentry.op": "gen_ai.invoke_agent" }, null],
];

for (const [values, endpoint] of operations) {
  test(`${JSON.stringify(values)} is ${endpoint ?? "not a model call"}`, () => {
    assert.equal(read({ ...counts, ...values })?.endpoint ?? null, endpoint);
  });
}

const providers: readonly (readonly [values: Values, provider: string | null])[] = [
  [{ "gen_ai.provider.name": "aws.bedrock" }, "bedrock"],
  [{ "gen_ai.system": "OpenAI" }, "openai"],
  [{ "gen_ai.system": "gcp.gemini" }, "gemini"],
  [{ "ai.model.provider": "openai.responses" }, "openai"],
  [{ "ai.model.provider": "google.generative-ai" }, "gemini"],
  [{ "gen_ai.system": "Langchain" }, null],
  [{}, null],
];

for (const [values, provider] of providers) {
  test(`the provider of ${JSON.stringify(values)} is ${provider ?? "unknown"}`, () => {
    assert.equal(read({ ...chat, ...values })?.provider, provider);
  });
}

const costs: readonly (readonly [values: Values, cost: string | null, flags: readonly string[]])[] =
  [
    [{ "gen_ai.usage.cost": "0.0000125" }, "0.0000125", []],
    [{ "operation.cost": "1e-7" }, "0.0000001", []],
    [{ "gen_ai.usage.input_cost": "0.1", "gen_ai.usage.output_cost": "0.2" }, "0.3", []],
    [
      { "gen_ai.usage.cost.amount": "2", "gen_ai.usage.cost.currency": "EUR" },
      null,
      ["usage_invalid"],
    ],
    [{ "gen_ai.usage.cost": "-1" }, null, ["usage_invalid"]],
    [{ "gen_ai.usage.cost": "1e300" }, null, ["usage_invalid"]],
    [{}, null, []],
  ];

for (const [values, cost, flags] of costs) {
  test(`the reported cost of ${JSON.stringify(values)} is ${cost ?? "unknown"}`, () => {
    const call = read({ ...chat, ...values });
    const usd = call?.reportedCost ?? null;
    assert.deepEqual([usd === null ? null : formatUsd(usd), call?.flags], [cost, flags]);
  });
}

test("the tier that answered takes precedence, and an unknown one is not standard", () => {
  const requested = { "openai.request.service_tier": "flex" };
  const tier = (values: Values): string | undefined => read({ ...chat, ...values })?.serviceTier;
  assert.equal(tier(requested), "flex");
  assert.equal(
    tier({ ...requested, "gen_ai.openai.response.service_tier": "default" }),
    "standard",
  );
  assert.equal(tier({ "openai.response.service_tier": "scale" }), "other");
});

test("a call that failed is charged if it has usage", () => {
  assert.equal(read(chat, true)?.usage?.input, 10);
  assert.equal(read({ "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }, true), null);
});
