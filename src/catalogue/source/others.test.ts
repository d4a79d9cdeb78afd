/** Reads the lists of models.dev and OpenRouter as catalogue rows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRow } from "../../domain/price/text/row-text.ts";
import { readPublished } from "./source.ts";

const at = Date.parse("2026-11-28T00:00:00Z");

test("models.dev has prices per million tokens, by provider", () => {
  const { source, rows, skipped } = readPublished(
    `{
    "xai":{"id":"xai","models":{"grok-9":{"id":"grok-9","cost":{"input":3,"output":15,"cache_read":0.75,
      "tiers":[{"input":6,"output":30,"tier":{"type":"context","size":200000}}]},
      "limit":{"context":256000,"output":64000}}}},
    "amazon-bedrock":{"id":"amazon-bedrock","models":{
      "a":{"cost":{"input":1,"output":2,"context_over_200k":{"input":2,"output":4}}},
      "b":{"cost":{"input":1,"output":2,"reasoning":3}},
      "c":{"cost":{"input":0,"output":0}},
      "d":{}}}}`,
    { at },
  );
  assert.equal(source, "models.dev");
  assert.deepEqual(
    rows.map((row) => [row.provider, row.model, row.contextTiers?.[0]?.tokens]),
    [
      ["x-ai", "grok-9", 200_000],
      ["aws", "a", 200_000],
    ],
  );
  const { input, output, cache_read, context_window, max_output_tokens } = formatRow(
    rows[0] ?? assert.fail(),
  );
  assert.deepEqual(
    [input, output, cache_read, context_window, max_output_tokens],
    ["3", "15", "0.75", 256_000, 64_000],
  );
  assert.deepEqual(
    skipped.map(({ model, why }) => [model, why]),
    [
      ["b", "charges output reasoning tokens apart"],
      ["c", "is listed at zero, which may be an unknown price"],
      ["d", "has no price"],
    ],
  );
});

test("OpenRouter has decimal strings per token; a router without a price of its own is skipped", () => {
  const model = (id: string, pricing: string): string =>
    `{"id":"${id}","canonical_slug":"${id}-20260101","context_length":128000,"pricing":{${pricing}},
      "top_provider":{"max_completion_tokens":16384}}`;
  const { source, rows, skipped } = readPublished(
    `{"data":[
    ${model("acme/m", `"prompt":"0.000001416","completion":"0.000002832","input_cache_read":"0.000000118","web_search":"0.01","request":"0","image":"0","internal_reasoning":"0"`)},
    ${model("acme/m:free", `"prompt":"0","completion":"0"`)},
    ${model("openrouter/auto", `"prompt":"-1","completion":"-1"`)},
    ${model("acme/n", `"prompt":"0.1","completion":"0.2","moonbeam":"0.3"`)}]}`,
    { at },
  );
  assert.equal(source, "openrouter");
  assert.deepEqual(
    rows.map((row) => {
      const { model: id, input, output, cache_read, web_search } = formatRow(row);
      return [id, input, output, cache_read, web_search];
    }),
    [
      ["acme/m", "1.416", "2.832", "0.118", "0.01"],
      ["acme/m:free", "0", "0", undefined, undefined],
    ],
  );
  assert.deepEqual(
    skipped.map(({ model: id, why }) => [id, why]),
    [
      ["openrouter/auto", "costs what the model costs that it routes to"],
      ["acme/n", "has a price in an unknown unit, moonbeam"],
    ],
  );
});

test("a skipped model has its place in the list, and the field that is not a price", () => {
  const why = (field: string): string => `has a price that is not a number of 0 or more, ${field}`;
  const cost = (more: string): string => `{"cost":{"input":1,"output":2${more}}}`;
  const cases = [
    [`{"own":{"models":{"m-1":${cost(',"cache_read":-1')}}}}`, 'own.models["m-1"]', "cache_read"],
    [`{"own":{"models":{"m":${cost(',"reasoning":"x"')}}}}`, "own.models.m", "reasoning"],
    [
      `{"own":{"models":{"m":${cost(',"context_over_200k":{"input":-1}')}}}}`,
      "own.models.m",
      "input",
    ],
    [`{"own":{"models":{"m":${cost(',"cache_read":true')}}}}`, "own.models.m", "cache_read"],
    [`{"own":{"models":{"m":${cost(',"tiers":{}')}}}}`, "own.models.m", "tiers"],
    [
      `{"own":{"models":{"m":${cost(',"context_over_200k":1')}}}}`,
      "own.models.m",
      "context_over_200k",
    ],
    ['{"data":[3,{"id":"m","pricing":{"prompt":"-2","completion":"1"}}]}', "data[1]", "prompt"],
    [
      '{"a b":{"litellm_provider":"openai","input_cost_per_token":"x","output_cost_per_token":1}}',
      '["a b"]',
      "input_cost_per_token",
    ],
    [
      '{"m":{"litellm_provider":"openai","input_cost_per_token":1,"output_cost_per_token":1,"search_context_cost_per_query":{"low":-1}}}',
      "m",
      "search_context_cost_per_query",
    ],
  ] as const;
  for (const [text, path, field] of cases) {
    const { rows, skipped } = readPublished(text, { at });
    assert.deepEqual(
      [rows.length, skipped.map((one) => [one.path, one.why])],
      [0, [[path, why(field)]]],
      text,
    );
  }
});

test("a list that is too long to be compared between calls is refused", () => {
  const listOf = (count: number): string => {
    const models = Array.from(
      { length: count },
      (_, index) => `{"id":"acme/m${index}","pricing":{"prompt":"1e-6","completion":"1e-6"}}`,
    );
    return `{"data":[${models.join(",")}]}`;
  };
  assert.equal(readPublished(listOf(20_000), { at }).rows.length, 20_000);
  assert.throws(() => readPublished(listOf(20_001), { at }), {
    code: "invalid_request",
    message: /has 20001 models/,
  });
});

test("a list that is too long is refused by its count in each format, before its prices are read", () => {
  // None of these becomes a price or a skipped model, so only the count refuses them.
  const listOf = (count: number, model: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => model(index)).join(",");
  const priced = (index: number): string => `"m${index}":{"cost":{"input":1,"output":1}}`;
  const half = `{"models":{${listOf(10_000, priced)}}}`;
  const texts = {
    genai: `[{"id":"p","api_pattern":"p","models":[${listOf(20_001, () => "0")}]}]`,
    litellm: `{${listOf(20_001, (index) => `"m${index}":{"litellm_provider":null}`)}}`,
    openrouter: `{"data":[{"pricing":{}},${listOf(20_000, () => "0")}]}`,
    modelsDev: `{"xai":${half},"x-ai":${half},"p":{"models":{"m":{}}}}`,
  };
  for (const [format, text] of Object.entries(texts))
    assert.throws(
      () => readPublished(text, { at }),
      { code: "invalid_request", message: /has 20001 models/ },
      format,
    );
});

test("a list is refused for its rows if its models have several", () => {
  const prices = Array.from({ length: 4 }, (_, year) => ({
    constraint: { start_date: `202${year}-01-01` },
    prices: { input_mtok: year + 1, output_mtok: 1 },
  }));
  const models = Array.from({ length: 6_000 }, (_, index) => ({
    id: `m${index}`,
    match: { equals: `m${index}` },
    prices,
  }));
  const text = JSON.stringify([{ id: "p", api_pattern: "p", models }]);
  assert.throws(() => readPublished(text, { at }), { message: /has 24000 models/ });
});
