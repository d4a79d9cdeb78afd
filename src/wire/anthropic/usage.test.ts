/** Tests how Anthropic's usage object is split into meters and models. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { countTokens, sumUsage } from "../../domain/usage/usage.ts";
import { readAnthropicUsage } from "./usage.ts";

const model = "claude-sonnet-4-5";

test("input, cache reads and both cache writes are counted separately", () => {
  const read = readAnthropicUsage(
    {
      input_tokens: 3,
      cache_read_input_tokens: 9511,
      cache_creation_input_tokens: 1956,
      cache_creation: { ephemeral_5m_input_tokens: 1900, ephemeral_1h_input_tokens: 56 },
      output_tokens: 44,
      output_tokens_details: { thinking_tokens: 30 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 9 },
    },
    model,
  );
  const usage = {
    input: 3,
    cache_read: 9511,
    cache_write_5m: 1900,
    cache_write_1h: 56,
    output: 44,
    reasoning: 30,
    web_search: 2,
  };
  assert.deepEqual(read, {
    parts: [{ model, usage }],
    others: [],
    serviceTier: null,
    region: undefined,
    invalid: false,
    complete: true,
  });
});

test("a cache write without a lifetime counts as five minutes", () => {
  const [part] = readAnthropicUsage(
    { input_tokens: 1, cache_creation_input_tokens: 70, output_tokens: 1 },
    model,
  ).parts;
  assert.deepEqual(part?.usage, { input: 1, cache_write_5m: 70, output: 1 });
});

test("growth of a total beyond the start's split counts as five minutes", () => {
  const split = { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 };
  const [part] = readAnthropicUsage(
    { cache_creation_input_tokens: 100, cache_creation: split },
    model,
  ).parts;
  assert.deepEqual(part?.usage, { cache_write_5m: 80, cache_write_1h: 20 });
});

test("growth counts as an hour if all writes at the start did", () => {
  const split = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 20 };
  const [part] = readAnthropicUsage(
    { cache_creation_input_tokens: 100, cache_creation: split },
    model,
  ).parts;
  assert.deepEqual(part?.usage, { cache_write_1h: 100 });
});

test("a split without a total is counted", () => {
  const split = { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 6 };
  const [part] = readAnthropicUsage({ cache_creation: split }, model).parts;
  assert.deepEqual(part?.usage, { cache_write_5m: 4, cache_write_1h: 6 });
});

test("compaction is a part of the same model, the advisor one of its own", () => {
  const { parts } = readAnthropicUsage(
    {
      input_tokens: 682,
      output_tokens: 1320,
      iterations: [
        { type: "compaction", input_tokens: 60_385, output_tokens: 592 },
        {
          type: "advisor_message",
          model: "claude-opus-5",
          input_tokens: 900,
          output_tokens: 80,
          cache_read_input_tokens: 5,
        },
        { type: "message", input_tokens: 682, output_tokens: 1320 },
      ],
    },
    model,
  );
  assert.deepEqual(parts, [
    { model, usage: { input: 682, output: 1320 } },
    { model, usage: { input: 60_385, output: 592 }, isApart: true },
    { model: "claude-opus-5", usage: { input: 900, cache_read: 5, output: 80 }, isApart: true },
  ]);
});

test("a fallback's tokens are already at the top level, and belong to the model that served", () => {
  const { parts } = readAnthropicUsage(
    {
      input_tokens: 412,
      output_tokens: 264,
      iterations: [
        { type: "message", model: "claude-fable-5", input_tokens: 408, output_tokens: 0 },
        {
          type: "fallback_message",
          model: "claude-opus-4-8",
          input_tokens: 412,
          output_tokens: 264,
        },
      ],
    },
    "claude-fable-5",
  );
  assert.deepEqual(parts, [{ model: "claude-opus-4-8", usage: { input: 412, output: 264 } }]);
});

test("an attempt that declined after some output is a part of its own model", () => {
  const { parts } = readAnthropicUsage(
    {
      input_tokens: 100,
      cache_read_input_tokens: 560_186,
      output_tokens: 400,
      iterations: [
        {
          type: "message",
          model: "claude-fable-5",
          input_tokens: 100,
          cache_read_input_tokens: 560_186,
          output_tokens: 299,
        },
        { type: "fallback_message", model: "claude-opus-5", input_tokens: 100, output_tokens: 0 },
        {
          type: "fallback_message",
          model: "claude-opus-4-8",
          input_tokens: 100,
          cache_read_input_tokens: 560_186,
          output_tokens: 400,
        },
      ],
    },
    "claude-opus-4-8",
  );
  assert.deepEqual(parts, [
    { model: "claude-opus-4-8", usage: { input: 100, cache_read: 560_186, output: 400 } },
    { model: "claude-fable-5", usage: { input: 100, cache_read: 560_186, output: 299 } },
  ]);
});

test("passes of the fallback add up to the top level without those of the model that declined", () => {
  const { parts } = readAnthropicUsage(
    {
      input_tokens: 30,
      output_tokens: 3,
      iterations: [
        { type: "message", model: "a", input_tokens: 5, output_tokens: 50 },
        { type: "fallback_message", model: "b", input_tokens: 10, output_tokens: 1 },
        { type: "message", model: "b", input_tokens: 20, output_tokens: 2 },
      ],
    },
    "b",
  );
  assert.deepEqual(parts, [
    { model: "b", usage: { input: 10, output: 1 } },
    { model: "b", usage: { input: 20, output: 2 } },
    { model: "a", usage: { input: 5, output: 50 } },
  ]);
});

test("passes of a tool loop that add up to the top level are parts, so each has its own long-context rate", () => {
  const { parts } = readAnthropicUsage(
    {
      input_tokens: 300_000,
      output_tokens: 30,
      server_tool_use: { web_search_requests: 1 },
      iterations: [
        { type: "message", input_tokens: 100_000, output_tokens: 10 },
        { type: "message", input_tokens: 200_000, output_tokens: 20 },
      ],
    },
    model,
  );
  assert.deepEqual(parts, [
    { model, usage: { input: 100_000, output: 10, web_search: 1 } },
    { model, usage: { input: 200_000, output: 20 } },
  ]);
});

test("if the passes do not add up, the top level is the only part", () => {
  const passes = [
    { type: "message", input_tokens: 1, output_tokens: 1 },
    { type: "message", input_tokens: 2, output_tokens: 2 },
  ];
  const { parts } = readAnthropicUsage(
    { input_tokens: 50, output_tokens: 5, iterations: passes },
    model,
  );
  assert.deepEqual(parts, [{ model, usage: { input: 50, output: 5 } }]);
});

test("the tier is the one that served", () => {
  const tier = (usage: Record<string, unknown>): string | null =>
    readAnthropicUsage(usage, model).serviceTier;
  assert.equal(tier({}), null);
  assert.equal(tier({ service_tier: "standard" }), "standard");
  assert.equal(tier({ service_tier: "priority" }), "priority");
  assert.equal(tier({ service_tier: "batch" }), "batch");
  assert.equal(tier({ service_tier: "standard", speed: "fast" }), "fast");
  assert.equal(tier({ service_tier: "turbo" }), "other");
  assert.equal(tier({ service_tier: "standard", speed: "ludicrous" }), "other");
});

test("the region is the one that served", () => {
  const region = (usage: Record<string, unknown>): string | undefined =>
    readAnthropicUsage(usage, model).region;
  assert.deepEqual(
    ["us", "global", "not_available", "eu"].map((geo) => region({ inference_geo: geo })),
    ["us", "global", "global", "eu"],
  );
  assert.equal(region({ inference_geo: null }), undefined);
});

test("an impossible count is omitted and flagged, the others stay", () => {
  const read = readAnthropicUsage(
    { input_tokens: 5, output_tokens: -2, cache_read_input_tokens: 1e12 },
    model,
  );
  assert.deepEqual(read.parts, [{ model, usage: { input: 5 } }]);
  assert.equal(read.invalid, true);
});

test("no token is lost or counted twice, whatever the split", () => {
  const count = fc.nat({ max: 1_000_000 });
  fc.assert(
    fc.property(
      fc.tuple(count, count, count, count, count, count),
      ([input, read, write, five, hour, output]) => {
        const usage = {
          input_tokens: input,
          cache_read_input_tokens: read,
          cache_creation_input_tokens: write,
          cache_creation: { ephemeral_5m_input_tokens: five, ephemeral_1h_input_tokens: hour },
          output_tokens: output,
        };
        const { parts, invalid } = readAnthropicUsage(usage, model);
        assert.equal(
          countTokens(sumUsage(parts.map((part) => part.usage))),
          input + read + write + output,
        );
        assert.equal(invalid, false);
      },
    ),
  );
});
