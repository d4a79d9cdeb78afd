/**
 * Provider answers with price modifiers, unusual outcomes or a second model: the ledger matches the
 * provider's bill.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Entry } from "./figures.ts";
import { startGateway, type GatewayProcess } from "./process.ts";
import { startRecorder } from "./recording.ts";

let gateway: GatewayProcess;
let key: string;
/** A JSON body, or the `events` of a stream. */
type Answer = Readonly<Record<string, unknown>>;

/** The provider's next answer. */
let answer: Answer = {};

const recorder = await startRecorder((_request, response) => {
  const events = Array.isArray(answer["events"]) ? (answer["events"] as readonly object[]) : null;
  response.writeHead(200, { "content-type": events ? "text/event-stream" : "application/json" });
  response.end(events ? events.map(eventText).join("") : JSON.stringify(answer));
});

before(async () => {
  gateway = await startGateway({
    providers: {
      anthropic: { wire: "anthropic", base_url: recorder.url, api_key: "k" },
      gemini: { wire: "gemini", base_url: recorder.url, api_key: "k" },
      openai: { wire: "openai", base_url: `${recorder.url}/v1`, api_key: "k" },
      frankfurt: { wire: "openai", base_url: "https://eu.api.openai.com/v1", api_key: "k" },
      ours: { wire: "anthropic", base_url: recorder.url, api_key: "k" },
    },
  });
  await gateway.api("POST", "/api/v1/prices", {
    body: { provider: "ours", model: "m", input: "1", output: "10" },
  });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

function eventText(event: object): string {
  const type = "type" in event ? `event: ${String(event.type)}\n` : "";
  return `${type}data: ${JSON.stringify(event)}\n\n`;
}

let calls = 0;

interface Asked {
  readonly provider?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answered: Answer;
  readonly path?: string;
}

async function entryOf({
  provider = "anthropic",
  body,
  answered,
  path = "/v1/messages",
}: Asked): Promise<Entry> {
  answer = answered;
  const operation = `call-${++calls}`;
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "x-purser-operation-id": operation,
  };
  const response = await fetch(`${gateway.url}/${provider}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  const [entry] = await gateway.entries(`operation_id=${operation}`);
  return entry ?? assert.fail("the call is in the ledger");
}

const ask = { max_tokens: 4096, messages: [{ role: "user", content: "Hi" }] };

function message(model: string, usage: object, more: object = {}): Answer {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: "end_turn",
    ...more,
    usage,
  };
}

function messageStream(
  model: string,
  usages: { readonly start: object; readonly end: object; readonly reason?: string },
): Answer {
  const events = [
    { type: "message_start", message: message(model, usages.start, { stop_reason: null }) },
    {
      type: "message_delta",
      delta: { stop_reason: usages.reason ?? "end_turn" },
      usage: usages.end,
    },
    { type: "message_stop" },
  ];
  return { events };
}

test("US-only inference costs a tenth more, whether requested or only served", async () => {
  const usage = {
    input_tokens: 13,
    output_tokens: 12,
    service_tier: "standard",
    inference_geo: "us",
  };
  const model = "claude-sonnet-4-6";
  for (const body of [
    { ...ask, model, inference_geo: "us" },
    { ...ask, model },
  ]) {
    const entry = await entryOf({ body, answered: message(model, usage) });
    assert.deepEqual([entry.cost_usd, entry.flags], ["0.0002409", []]);
    assert.deepEqual(
      entry.charges.map(({ rate }) => rate?.region),
      ["us", "us"],
    );
  }
  const elsewhere = await entryOf({
    body: { ...ask, model, inference_geo: "us" },
    answered: message(model, { ...usage, inference_geo: "global" }),
  });
  assert.deepEqual([elsewhere.cost_usd, elsewhere.flags], ["0.000219", []]);
});

test("an unknown tier, speed or region is flagged", async () => {
  const model = "claude-sonnet-4-6";
  for (const more of [
    { service_tier: "turbo" },
    { speed: "ludicrous" },
    { inference_geo: "mars" },
    { service_tier: "priority" },
  ]) {
    const entry = await entryOf({
      body: { ...ask, model },
      answered: message(model, { input_tokens: 13, output_tokens: 12, ...more }),
    });
    assert.deepEqual(entry.flags, ["unpriced_modifier"], JSON.stringify(more));
  }
});

test("a refusal before any output costs nothing, in a stream and whole", async () => {
  const model = "claude-fable-5";
  const usage = { input_tokens: 5000, output_tokens: 0 };
  const streamed = messageStream(model, { start: usage, end: usage, reason: "refusal" });
  const bodies = [
    { body: { ...ask, model, stream: true }, answered: streamed },
    { body: { ...ask, model }, answered: message(model, usage, { stop_reason: "refusal" }) },
  ];
  for (const asked of bodies) {
    const entry = await entryOf(asked);
    assert.deepEqual(
      [entry.cost_usd, entry.status, entry.flags, entry.charges],
      ["0", "settled", ["unbilled"], []],
    );
  }
});

test("each model that generated output before another took over is charged at its own rates and listed separately", async () => {
  const attempt = { input_tokens: 100, cache_read_input_tokens: 560_186 };
  const usage = {
    ...attempt,
    output_tokens: 400,
    iterations: [
      { type: "message", model: "claude-fable-5", ...attempt, output_tokens: 299 },
      { type: "fallback_message", model: "claude-opus-4-8", ...attempt, output_tokens: 400 },
    ],
  };
  const entry = await entryOf({
    body: { ...ask, model: "claude-fable-5" },
    answered: message("claude-opus-4-8", usage),
  });
  assert.deepEqual([entry.cost_usd, entry.flags], ["0.866729", []]);
  assert.deepEqual(
    [entry.model, entry.usage["input"], entry.usage["cache_read"], entry.usage["output"]],
    ["claude-opus-4-8", 100, 560_186, 400],
  );
  assert.deepEqual(
    entry.parts.map(({ model, usage: used }) => [model, used["cache_read"], used["output"]]),
    [["claude-fable-5", 560_186, 299]],
  );
});

test("an advisor is charged and listed separately; the main answer keeps its usage and ceiling", async () => {
  const usage = {
    input_tokens: 412,
    output_tokens: 4000,
    iterations: [
      { type: "message", input_tokens: 412, output_tokens: 4000 },
      { type: "advisor_message", model: "claude-opus-4-8", input_tokens: 823, output_tokens: 1612 },
    ],
  };
  const entry = await entryOf({
    body: { ...ask, model: "claude-sonnet-4-6" },
    answered: message("claude-sonnet-4-6", usage),
  });
  assert.deepEqual([entry.usage["input"], entry.usage["output"], entry.flags], [412, 4000, []]);
  assert.deepEqual(
    entry.parts.map(({ model, usage: used }) => [model, used["input"], used["output"]]),
    [["claude-opus-4-8", 823, 1612]],
  );
  // 412 × 3 + 4,000 × 15, and 823 × 5 + 1,612 × 25, per million.
  assert.equal(entry.cost_usd, "0.105651");
});

test("the possible cost of an advisor or fallback is held too: a budget without room for it refuses", async () => {
  await gateway.makeBudget({
    budget_id: "advised",
    budget_type: "project",
    resource_id: "advised",
    amount: "0.5",
    period: "month",
  });
  const { key: own } = await gateway.makeKey({ project: "advised" });
  const advisor = { type: "advisor_20260301", name: "advisor", model: "claude-opus-4-8" };
  const usage = { input_tokens: 10, output_tokens: 10 };
  answer = message("claude-sonnet-4-6", usage);
  const statusOf = async (more: object): Promise<number> => {
    const headers = { authorization: `Bearer ${own}`, "content-type": "application/json" };
    const body = JSON.stringify({
      model: "claude-sonnet-4-6",
      max_tokens: 100,
      messages: ask.messages,
      ...more,
    });
    const response = await fetch(`${gateway.url}/anthropic/v1/messages`, {
      method: "POST",
      headers,
      body,
    });
    await response.text();
    return response.status;
  };
  assert.equal(await statusOf({}), 200);
  assert.equal(await statusOf({ tools: [{ ...advisor, max_uses: 1, max_tokens: 2048 }] }), 200);
  assert.equal(
    await statusOf({ tools: [{ ...advisor, max_uses: 1 }] }),
    402,
    "128,000 tokens at 25 USD per million",
  );
  assert.equal(
    await statusOf({ fallbacks: [{ model: "claude-fable-5", max_tokens: 20_000 }] }),
    402,
  );
});

test("a zero after a count does not reset it, and an uncounted input is estimated", async () => {
  const counted = await entryOf({
    provider: "ours",
    body: { ...ask, model: "m", stream: true },
    answered: messageStream("m", {
      start: { input_tokens: 1500, output_tokens: 0 },
      end: { input_tokens: 0, output_tokens: 16 },
    }),
  });
  assert.deepEqual([counted.cost_usd, counted.flags, counted.status], ["0.00166", [], "settled"]);

  const words = "word ".repeat(2000);
  const unknown = await entryOf({
    provider: "ours",
    body: { ...ask, model: "m", stream: true, messages: [{ role: "user", content: words }] },
    answered: messageStream("m", {
      start: { input_tokens: 0, output_tokens: 0 },
      end: { output_tokens: 16 },
    }),
  });
  const input = unknown.usage["input"] ?? 0;
  assert.ok(input >= 2000 && input <= 4000, `${input} tokens for 2,000 words`);
  assert.deepEqual(
    [unknown.usage["output"], unknown.status, unknown.flags],
    [16, "estimated", ["usage_missing"]],
  );
});

function generated(
  model: string,
  more: { readonly usage: object; readonly candidate?: object },
): Answer {
  const candidate = {
    content: { role: "model", parts: [{ text: "Yes." }] },
    finishReason: "STOP",
    index: 0,
    ...more.candidate,
  };
  return { candidates: [candidate], usageMetadata: more.usage, modelVersion: model };
}

function gemini(
  model: string,
  more: { readonly usage: object; readonly candidate?: object; readonly tools?: readonly object[] },
): Asked {
  const contents = [{ role: "user", parts: [{ text: "Where?" }] }];
  const body = { contents, ...(more.tools && { tools: more.tools }) };
  return {
    provider: "gemini",
    path: `/v1beta/models/${model}:generateContent`,
    body,
    answered: generated(model, more),
  };
}

const fees = ({ charges }: Entry): readonly unknown[] =>
  charges
    .filter(({ rate_usd_per_million }) => Number(rate_usd_per_million) >= 1000)
    .map(({ meter, cost_usd }) => [meter, cost_usd]);

test("Gemini's fees use its billed units: a maps prompt, a web prompt or its queries, and no named pages", async () => {
  const usage = { promptTokenCount: 100, candidatesTokenCount: 50, totalTokenCount: 150 };
  const maps = {
    groundingMetadata: {
      groundingChunks: [{ maps: { uri: "https://maps.example/?cid=1", title: "Cafe" } }],
    },
  };
  const web = { groundingChunks: [{ web: { uri: "https://example.com/a" } }] };
  const queries = { groundingMetadata: { ...web, webSearchQueries: ["one", "two"] } };
  const page = {
    groundingMetadata: web,
    urlContextMetadata: { urlMetadata: [{ retrievedUrl: "https://example.com/a" }] },
  };
  for (const [model, candidate, tools, expected] of [
    ["gemini-2.5-flash", maps, [{ googleMaps: {} }], [["maps_grounding", "0.025"]]],
    ["gemini-2.5-flash", maps, undefined, [["maps_grounding", "0.025"]]],
    ["gemini-2.5-flash", queries, [{ googleSearch: {} }], [["web_search", "0.035"]]],
    ["gemini-3.5-flash", queries, [{ googleSearch: {} }], [["web_search", "0.028"]]],
    ["gemini-2.5-flash", page, [{ urlContext: {} }], []],
  ] as const) {
    const entry = await entryOf(gemini(model, { usage, candidate, ...(tools && { tools }) }));
    assert.deepEqual(fees(entry), expected, `${model} ${JSON.stringify(candidate)}`);
  }
});

test("Gemini's flex costs half and its priority 1.8 times, as reported in the answer; unpriced tiers are flagged", async () => {
  const model = "gemini-3.5-flash";
  const flex = {
    promptTokenCount: 7,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 200,
    totalTokenCount: 212,
    trafficType: "ON_DEMAND_FLEX",
  };
  const priority = {
    promptTokenCount: 7,
    candidatesTokenCount: 1,
    thoughtsTokenCount: 160,
    totalTokenCount: 168,
    serviceTier: "priority",
  };
  assert.equal((await entryOf(gemini(model, { usage: flex }))).cost_usd, "0.00092775");
  assert.equal((await entryOf(gemini(model, { usage: priority }))).cost_usd, "0.0026271");
  const prepaid = await entryOf(
    gemini(model, { usage: { ...flex, trafficType: "PROVISIONED_THROUGHPUT" } }),
  );
  assert.deepEqual([prepaid.cost_usd, prepaid.flags], ["0.0018555", ["unpriced_modifier"]]);
});

test("OpenAI's served tier sets the price, and an unknown one is flagged", async () => {
  const chat = (service_tier: string): Answer => ({
    id: "c",
    object: "chat.completion",
    model: "gpt-5.5",
    service_tier,
    choices: [{ index: 0, message: { role: "assistant", content: "Yes." }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
  });
  const asked = {
    provider: "openai",
    path: "/v1/chat/completions",
    body: { model: "gpt-5.5", messages: ask.messages, service_tier: "flex" },
  };
  const costs: (readonly [string, readonly string[]])[] = [];
  for (const tier of ["default", "flex", "priority", "turbo"]) {
    const { cost_usd, flags } = await entryOf({ ...asked, answered: chat(tier) });
    costs.push([cost_usd, flags]);
  }
  assert.deepEqual(costs, [
    ["0.008", []],
    ["0.004", []],
    ["0.02", []],
    ["0.008", ["unpriced_modifier"]],
  ]);
});

test("a hold at OpenAI's European host is settled with its uplift, and covers it", async () => {
  const body = {
    operation_id: "eu-1",
    provider: "frankfurt",
    model: "gpt-5.5",
    estimate: { input_tokens: 100_000, max_output_tokens: 1000 },
  };
  const held = await gateway.api("POST", "/api/v1/holds", { key, body });
  assert.equal(held.status, 201);
  assert.ok(Number(held.json["held_usd"]) >= 0.583);
  const settled = await gateway.api("POST", "/api/v1/holds/eu-1/settle", {
    key,
    body: { usage: { input: 100_000, output: 1000 } },
  });
  assert.equal(settled.json["cost_usd"], "0.583");
});

test("a settlement over the API can name the serving region, as a hold can name the required one", async () => {
  const tokens = { input_tokens: 100_000, max_output_tokens: 1000 };
  const usage = { input: 100_000, output: 1000 };
  for (const [region, held, cost, flags] of [
    ["us", "0.3465", "0.3465", []],
    ["US", "0.3465", "0.3465", []],
    ["global", "0.315", "0.315", []],
    ["mars", "0.3465", "0.3465", ["unpriced_modifier"]],
  ] as const) {
    const operation_id = `region-${region}`;
    const body = {
      operation_id,
      provider: "anthropic",
      model: "claude-sonnet-4-6",
      estimate: { ...tokens, region },
    };
    const hold = await gateway.api("POST", "/api/v1/holds", { key, body });
    assert.equal(hold.json["held_usd"], held, region);
    const settled = await gateway.api("POST", `/api/v1/holds/${operation_id}/settle`, {
      key,
      body: { usage, region },
    });
    assert.equal(settled.json["cost_usd"], cost, region);
    const [entry] = await gateway.entries(`operation_id=${operation_id}`);
    assert.deepEqual(entry?.flags, flags, region);
  }
});

test("a settlement over the API with an unpriced tier is flagged too", async () => {
  const body = {
    operation_id: "api-tier",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    amount: "0.01",
  };
  assert.equal((await gateway.api("POST", "/api/v1/holds", { key, body })).status, 201);
  const bill = { usage: { input: 10, output: 10 }, service_tier: "priority" };
  await gateway.api("POST", "/api/v1/holds/api-tier/settle", { key, body: bill });
  const [entry] = await gateway.entries("operation_id=api-tier");
  assert.deepEqual(entry?.flags, ["unpriced_modifier"]);
});

test("a context above 200,000 tokens fits a model that is priced for it", async () => {
  const model = "claude-sonnet-4-5";
  const entry = await entryOf({
    body: { ...ask, model },
    answered: message(model, { input_tokens: 250_000, output_tokens: 10 }),
  });
  assert.deepEqual([entry.cost_usd, entry.flags], ["1.500225", []]);
});
