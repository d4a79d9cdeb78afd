/** What a call costs by its answer: whose figure is the charge, what was not billed, and what cannot be true. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Outcome } from "../domain/ledger/entry.ts";
import { formatUsd, pico } from "../domain/money/money.ts";
import { makePriceBook } from "../domain/price/book.ts";
import { definePrice } from "../domain/price/override.ts";
import { anthropicWire } from "../wire/anthropic/index.ts";
import { geminiWire } from "../wire/gemini/index.ts";
import { openaiWire } from "../wire/openai/index.ts";
import type { WireFormat } from "../wire/wire.ts";
import { outcomeOf, type ForwardedCall } from "./settle.ts";

const openai = openaiWire();

interface Scene {
  readonly wire?: WireFormat;
  readonly path?: string;
  readonly request?: object;
  /** USD per million, of provider `p` and model `m`; null for a model without a price. */
  readonly price?: Readonly<Record<string, string>> | null;
  readonly tellsBilledCost?: boolean;
  readonly fallback?: ForwardedCall["fallback"];
  /** Output tokens that the provider was allowed. */
  readonly ceiling?: number;
}

const usualPrice = { input: "1", output: "10" };

/** @param answer Its bytes: an object for a whole body, a list for server-sent events. */
function settle(answer: object | readonly object[], scene: Scene = {}): Outcome {
  const { wire = openai, path = "/chat/completions", price = usualPrice, tellsBilledCost = false, fallback = null } = scene;
  const stream = Array.isArray(answer);
  const endpoint = wire.endpoint("POST", path);
  const { facts } = wire.read(endpoint, Buffer.from(JSON.stringify({ model: "m", stream, max_tokens: 1000, ...scene.request })));
  const stated = price && definePrice({ provider: "p", model: "m", ...price }, { field: "prices[0]", source: "configuration" });
  const prices = makePriceBook({ sources: [], overrides: stated ? [stated] : [], version: "test" });
  const meter = wire.meter(endpoint, { stream, facts });
  const text = stream ? answer.map((event: unknown) => `data: ${JSON.stringify(event)}\n\n`).join("") : JSON.stringify(answer);
  meter.push(Buffer.from(text));
  const { reading } = meter.end();
  const ceiling = scene.ceiling ?? facts.maxOutputTokens ?? 32_000;
  const provider = {
    name: "p",
    bases: {},
    apiKey: null,
    headers: {},
    priceProvider: "p",
    vendor: "p",
    passHeaders: [],
    stored: "refuse",
    unmetered: "refuse",
    wires: {},
  } as const;
  const call: ForwardedCall = {
    route: { provider: { ...provider, tellsBilledCost }, wire, wireName: wire.name, endpoint, url: "http://p", model: "m", title: "p/m" },
    facts,
    estimate: { inputTokens: 40, ceiling, firstSlice: 10, unknownInput: 0, least: 1, rates: null, fees: pico(0n) },
    ceiling: { fitted: ceiling },
    heldAt: 0,
    fallback,
  };
  const { inputTokens, outputTokens } = meter.progress;
  const progress = { inputTokens, outputTokens: Math.min(outputTokens, ceiling) };
  return outcomeOf(prices, call, { reading, progress, latencyMs: 1, flags: [] });
}

function usd(outcome: Outcome): string {
  return formatUsd(outcome.cost.usd);
}

function chat(usage: object, content = "word ".repeat(100)): object {
  return { id: "c", model: "m", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }], usage };
}

const counts = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 };
/** 1000 × 1 + 100 × 10 USD per million. */
const ours = "0.002";

test("an amount that the provider documents as billed is the charge, ours stands beside it, and a difference is flagged", () => {
  const outcome = settle(chat({ ...counts, cost: 0.02021 }), { tellsBilledCost: true });
  assert.deepEqual(
    [usd(outcome), formatUsd(outcome.computedCost ?? assert.fail()), outcome.status, outcome.flags],
    ["0.02021", ours, "settled", ["cost_differs"]],
  );
  assert.deepEqual(outcome.charges, [{ model: "m", meter: "reported_cost", quantity: 1, cost: outcome.reportedCost }]);
  assert.deepEqual(outcome.usage, { input: 1000, output: 100 });
});

test("an amount billed that is ours, but for a float's last digits, is not flagged", () => {
  for (const cost of ["0.002", "0.0020000000000000004", "0.002000000001"]) {
    const outcome = settle(chat({ ...counts, cost: Number(cost) }), { tellsBilledCost: true });
    assert.deepEqual(outcome.flags, [], cost);
  }
});

test("the upstream's bill is part of what was spent with a key of the caller's own; a fee alone is not the charge", () => {
  const own = { ...counts, cost: 0.0001, is_byok: true };
  assert.equal(usd(settle(chat({ ...own, cost_details: { upstream_inference_cost: 0.003 } }), { tellsBilledCost: true })), "0.0031");
  const feeOnly = settle(chat({ ...own, cost_details: { upstream_inference_cost: null } }), { tellsBilledCost: true });
  assert.deepEqual([usd(feeOnly), feeOnly.flags], [ours, []]);
});

test("any other reported cost stands beside ours", () => {
  const outcome = settle(chat({ ...counts, cost: 0.02021 }));
  assert.deepEqual([usd(outcome), outcome.computedCost, outcome.flags], [ours, undefined, []]);
  assert.equal(formatUsd(outcome.reportedCost ?? assert.fail()), "0.02021");
});

test("without a price the amount billed comes before a budget's rates, these before any other figure, and that before nothing", () => {
  const fallback = { input: pico(1_000_000n), output: pico(1_000_000n) };
  const told = chat({ ...counts, cost: 0.5 });
  const charged = (scene: Scene, answer = told): readonly unknown[] => {
    const { cost, flags, charges } = settle(answer, { price: null, ...scene });
    return [formatUsd(cost.usd), flags, charges.map(({ meter }) => meter)];
  };
  assert.deepEqual(charged({ tellsBilledCost: true, fallback }), ["0.5", ["unpriced"], ["reported_cost"]]);
  assert.deepEqual(charged({ tellsBilledCost: true }), ["0.5", ["unpriced"], ["reported_cost"]]);
  assert.deepEqual(charged({ fallback }), ["0.0011", ["unpriced"], ["input", "output"]]);
  assert.deepEqual(charged({}), ["0.5", ["unpriced"], ["reported_cost"]]);
  assert.deepEqual(charged({}, chat(counts)), ["0", ["unpriced"], []]);
});

test("an amount billed is the charge of an answer that counts nothing else", () => {
  const outcome = settle(chat({ cost: 0.0123 }), { tellsBilledCost: true });
  assert.deepEqual([usd(outcome), outcome.status], ["0.0123", "settled"]);
});

test("the cost of a running total is not that of a stream which broke off behind it", () => {
  const delta = (content: string, usage?: object): object => ({
    model: "m",
    choices: [{ index: 0, delta: { content } }],
    ...(usage && { usage }),
  });
  const outcome = settle([delta("a", { prompt_tokens: 1000, completion_tokens: 1, cost: 0.0000001 }), delta("x".repeat(300))], {
    tellsBilledCost: true,
  });
  assert.deepEqual([usd(outcome), outcome.status], [formatUsd(pico(1000n * 1_000_000n + 101n * 10_000_000n)), "estimated"]);
});

test("an amount billed that no such call can cost is not believed", () => {
  const outcome = settle(chat({ ...counts, cost: 10_000 }), { tellsBilledCost: true });
  assert.deepEqual([usd(outcome), outcome.status, outcome.flags], [ours, "estimated", ["usage_implausible", "cost_differs"]]);
});

const failure = { error: { message: "x".repeat(3000), type: "server_error", code: 500 } };
const anthropicFailure = { type: "error", error: { type: "overloaded_error", message: "x".repeat(3000) } };
const opened = { model: "m", choices: [{ index: 0, delta: { role: "assistant", content: "" } }] };
const gemini = { wire: geminiWire, path: "/v1beta/models/m:generateContent", request: { contents: [] } };
const messages = { wire: anthropicWire, path: "/v1/messages", request: { messages: [] } };
const responses = { path: "/responses", request: { max_tokens: undefined, max_output_tokens: 1000 } };
const created = {
  type: "response.created",
  response: { id: "r", model: "m", status: "in_progress", output: [], usage: null, error: null },
};

test("an error in an answer whose status is 200 is not billed, in any format, whole or streamed", () => {
  const answers: readonly (readonly [object | readonly object[], Scene])[] = [
    [failure, {}],
    [[failure], {}],
    [[opened, failure], {}],
    [[failure, failure], {}],
    [failure, { path: "/completions", request: { prompt: "p" } }],
    [failure, { path: "/embeddings", request: { input: "p" } }],
    [{ id: "r", model: "m", status: "failed", output: [], usage: null, ...failure }, responses],
    [[created, { type: "error", code: "server_error", message: "no" }], responses],
    [[created, { type: "response.failed", response: { ...created.response, status: "failed", ...failure } }], responses],
    [anthropicFailure, messages],
    [[anthropicFailure], messages],
    [failure, gemini],
    [[failure], { ...gemini, path: "/v1beta/models/m:streamGenerateContent" }],
  ];
  for (const [answer, scene] of answers) {
    const { cost, charges, status, flags } = settle(answer, scene);
    const told = flags.filter((flag) => flag !== "unbilled" && flag !== "provider_error");
    assert.deepEqual([cost, charges, status, told], [{ usd: 0n, tokens: 0n, requests: 0n }, [], "settled", []], JSON.stringify(answer));
    assert.ok(flags.includes("unbilled") && flags.includes("provider_error"), JSON.stringify(answer));
  }
});

test("an error behind text is charged for what passed, and flagged", () => {
  const outcome = settle([opened, { model: "m", choices: [{ index: 0, delta: { content: "x".repeat(300) } }] }, failure]);
  assert.deepEqual([usd(outcome), outcome.status], [formatUsd(pico(40n * 1_000_000n + 100n * 10_000_000n)), "estimated"]);
  assert.deepEqual(outcome.flags, ["usage_missing", "provider_error"]);
});

test("an answer that ends in an error is charged as its provider bills it: nothing, or what it counts", () => {
  const ended = { model: "m", choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "error" }] };
  const usage = { prompt_tokens: 5000, completion_tokens: 0, total_tokens: 5000, cost: 0 };
  const free = settle({ ...ended, usage }, { tellsBilledCost: true });
  assert.deepEqual([usd(free), free.status, free.flags], ["0", "settled", ["provider_error", "cost_differs"]]);
  assert.equal(usd(settle({ ...ended, usage })), "0.005");
});

test("a count far above the ceiling is charged at the ceiling, unless the text that passed bears it out", () => {
  const absurd = settle(chat({ prompt_tokens: 100, completion_tokens: 1_000_000_000 }));
  assert.deepEqual([absurd.usage, absurd.status], [{ input: 100, output: 1000 }, "estimated"]);
  assert.equal(usd(absurd), "0.0101");
  assert.deepEqual(absurd.flags, ["over_ceiling", "usage_implausible"]);

  const honest = settle(chat({ prompt_tokens: 100, completion_tokens: 3000 }, "x".repeat(9000)));
  assert.deepEqual([honest.usage, honest.status, honest.flags], [{ input: 100, output: 3000 }, "settled", ["over_ceiling"]]);
  const slack = settle(chat({ prompt_tokens: 100, completion_tokens: 1100 }, "x"));
  assert.deepEqual([slack.usage.output, slack.flags], [1100, ["over_ceiling"]]);
});

test("hidden output, and thoughts, are bounded like any other", () => {
  const hidden = settle(chat({ prompt_tokens: 100, completion_tokens: 10, total_tokens: 900_000_000 }, "x"));
  assert.deepEqual([hidden.usage.output, hidden.flags.includes("usage_implausible")], [1000, true]);
  const answer = { candidates: [{ content: { parts: [{ text: "x" }] }, finishReason: "STOP" }] };
  const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 1, thoughtsTokenCount: 900_000_000 };
  const thought = settle({ ...answer, usageMetadata }, { ...gemini, ceiling: 500 });
  assert.deepEqual([(thought.usage.output ?? 0) <= 2_000_000, thought.flags.includes("usage_implausible")], [true, true]);
});

test("an input far above the context window is charged at the window, unless as much was sent", () => {
  const absurd = settle(chat({ prompt_tokens: 1_000_000_000, completion_tokens: 10 }));
  assert.deepEqual([absurd.usage, absurd.status], [{ input: 2_000_000, output: 10 }, "estimated"]);
  assert.ok(absurd.flags.includes("usage_implausible"));
  const written = settle(
    chat({ prompt_tokens: 900_000_000, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 800_000_000 } }),
  );
  assert.deepEqual(written.usage, { input: 2_000_000, cache_read: 0, output: 10 });
});

test("a tool that ran at the provider made the model read once more, and explains so much more input", () => {
  const usage = { input_tokens: 5_000_000, output_tokens: 10, total_tokens: 5_000_010 };
  const call = (id: string): object => ({ type: "mcp_call", id, status: "completed", name: "find" });
  const output = [call("a"), call("b"), { type: "message", content: [{ type: "output_text", text: "word" }] }];
  const looped = settle({ model: "m", output, usage }, responses);
  assert.deepEqual([looped.usage, looped.status, looped.flags], [{ input: 5_000_000, output: 10 }, "settled", []]);
  const plain = settle({ model: "m", output: output.slice(2), usage }, responses);
  assert.deepEqual([plain.usage.input, plain.flags], [2_000_000, ["usage_implausible"]]);
  const done = [call("a"), call("b")].map((item) => ({ type: "response.output_item.done", item }));
  const streamed = settle([created, ...done, { type: "response.completed", response: { ...created.response, output, usage } }], responses);
  assert.deepEqual([streamed.usage, streamed.flags], [looped.usage, []]);
});

test("an amount billed is found in Anthropic's format, too", () => {
  const usage = { input_tokens: 1000, output_tokens: 100, cost: 0.0123, is_byok: false };
  const whole = settle(
    { type: "message", model: "m", content: [{ type: "text", text: "word" }], usage },
    { ...messages, tellsBilledCost: true },
  );
  assert.deepEqual([usd(whole), formatUsd(whole.computedCost ?? assert.fail())], ["0.0123", ours]);
  const streamed = settle(
    [
      { type: "message_start", message: { id: "i", model: "m", usage: { input_tokens: 1000, output_tokens: 1 } } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 100, cost: 0.0123 } },
      { type: "message_stop" },
    ],
    { ...messages, tellsBilledCost: true },
  );
  assert.deepEqual([usd(streamed), streamed.flags], ["0.0123", ["cost_differs"]]);
});

test("tool calls are bounded too", () => {
  const outcome = settle(chat({ ...counts, num_search_queries: 900_000_000 }));
  assert.deepEqual([outcome.usage.web_search, outcome.flags.includes("usage_implausible")], [1000, true]);
});

test("a usage of nothing where text passed is estimated, and flagged, in every format", () => {
  const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const text = "x".repeat(300);
  const delta = { model: "m", choices: [{ index: 0, delta: { content: text } }] };
  const start = { type: "message_start", message: { id: "i", model: "m", usage: { input_tokens: 0, output_tokens: 0 } } };
  const said = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  const end = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 0 } };
  const candidate = { content: { parts: [{ text }] }, finishReason: "STOP" };
  const answers: readonly (readonly [object | readonly object[], Scene])[] = [
    [chat(zero, text), {}],
    [[delta, { model: "m", choices: [], usage: zero }], {}],
    [
      { model: "m", output: [{ type: "message", content: [{ type: "output_text", text }] }], usage: { input_tokens: 0, output_tokens: 0 } },
      responses,
    ],
    [{ type: "message", model: "m", content: [{ type: "text", text }], usage: { input_tokens: 0, output_tokens: 0 } }, messages],
    [[start, said, end, { type: "message_stop" }], messages],
    [{ candidates: [candidate], usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0 } }, gemini],
  ];
  for (const [answer, scene] of answers) {
    const { usage, status, flags, cost } = settle(answer, scene);
    assert.deepEqual([usage, status], [{ input: 40, output: 100 }, "estimated"], JSON.stringify(answer));
    assert.ok(flags.includes("usage_implausible"), JSON.stringify(answer));
    assert.equal(formatUsd(cost.usd), "0.00104");
  }
});

test("zeros on one side are estimated there, and what was told on the other stays", () => {
  const noInput = settle(chat({ prompt_tokens: 0, completion_tokens: 16 }));
  assert.deepEqual([noInput.usage, noInput.flags], [{ input: 40, output: 16 }, ["usage_implausible"]]);
  const noOutput = settle(chat({ prompt_tokens: 9, completion_tokens: 0 }, "x".repeat(30)));
  assert.deepEqual([noOutput.usage, noOutput.flags], [{ input: 9, output: 10 }, ["usage_implausible"]]);
  const embedded = settle(
    { model: "m", data: [{ embedding: [1] }], usage: { prompt_tokens: 0, total_tokens: 0 } },
    { path: "/embeddings", ceiling: 0 },
  );
  assert.deepEqual([embedded.usage, embedded.flags], [{ input: 40, output: 0 }, ["usage_implausible"]]);
});

test("an answer without text may have cost nothing", () => {
  const outcome = settle(chat({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, ""));
  assert.deepEqual([usd(outcome), outcome.status, outcome.flags], ["0", "settled", []]);
});

test("the usage of an entry is the main answer's; another model's part is on the bill and in the tokens", () => {
  const tool_usage = { image_gen: { input_tokens: 30, output_tokens: 40, total_tokens: 70 } };
  const usage = { input_tokens: 20, output_tokens: 4, total_tokens: 24 };
  const output = [{ type: "message", content: [{ type: "output_text", text: "word" }] }];
  const outcome = settle({ model: "m", output, usage, tool_usage, tools: [{ type: "image_generation", model: "image" }] }, responses);
  assert.deepEqual([outcome.usage, outcome.cost.tokens], [{ input: 20, output: 4 }, 94n]);
  assert.deepEqual(
    outcome.charges.map(({ model, quantity }) => [model, quantity]),
    [
      ["m", 20],
      ["m", 4],
      ["image", 30],
      ["image", 40],
    ],
  );
  assert.deepEqual(outcome.flags, []);
});

test("the ceiling of an answer does not bound what another model drew for it", () => {
  const tool_usage = { image_gen: { input_tokens: 30, output_tokens: 6240, total_tokens: 6270 } };
  const usage = { input_tokens: 20, output_tokens: 4, total_tokens: 24 };
  const response = { ...created.response, output: [], usage, tool_usage, tools: [{ type: "image_generation", model: "image" }] };
  const { charges, flags } = settle([created, { type: "response.completed", response }], responses);
  assert.deepEqual([charges.at(-1)?.quantity, flags], [6240, []]);
});

test("whatever a usage says, the lines add up to the charge, and no honest bound is passed", () => {
  const count = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: -5, max: 2_000_000_000 }), fc.constant(null));
  const usages = fc.record(
    {
      prompt_tokens: count,
      completion_tokens: count,
      total_tokens: count,
      reasoning_tokens: count,
      cache_read_input_tokens: count,
      num_search_queries: count,
      cost: fc.double({ min: 0, max: 1e9, noNaN: true }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(usages, fc.boolean(), (usage, tellsBilledCost) => {
      const { cost, charges } = settle(chat(usage), { tellsBilledCost });
      assert.equal(
        charges.reduce((sum, line) => sum + line.cost, 0n),
        cost.usd,
      );
      // Two million in, a thousand out, ten times that and ten dollars where a provider says so.
      assert.ok(cost.usd <= 10n * 2_010_000_000_000n + 10_000_000_000_000n);
    }),
  );
});
