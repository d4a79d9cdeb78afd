/** Tests the token counts of spans: gross counts in the spellings of libraries, made disjoint. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { countsOf } from "./counts.ts";

const doubtful = ["usage_implausible"];

type Case = readonly [
  fact: string,
  attributes: Readonly<Record<string, string | number>>,
  usage: object,
  flags?: readonly string[],
  isAnthropic?: boolean,
];

const cases: readonly Case[] = [
  [
    "OpenTelemetry: cached tokens and reasoning are parts",
    {
      "gen_ai.usage.input_tokens": 1000,
      "gen_ai.usage.output_tokens": 50,
      "gen_ai.usage.cache_read.input_tokens": 600,
      "gen_ai.usage.cache_creation.input_tokens": 100,
      "gen_ai.usage.reasoning.output_tokens": 20,
    },
    { input: 300, cache_read: 600, cache_write_5m: 100, output: 50, reasoning: 20 },
  ],
  [
    "the present name of cache writes",
    { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_write.input_tokens": 10 },
    { input: 0, cache_write_5m: 10, output: 0 },
  ],
  [
    "the deprecated names, as text",
    { "gen_ai.usage.prompt_tokens": "7", "gen_ai.usage.completion_tokens": "3" },
    { input: 7, output: 3 },
  ],
  [
    "pydantic-ai",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 1,
      "gen_ai.usage.details.cache_read_tokens": 4,
    },
    { input: 6, cache_read: 4, output: 1 },
  ],
  [
    "Sentry",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.input_tokens.cached": 4,
      "gen_ai.usage.input_tokens.cache_write": 2,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.usage.output_tokens.reasoning": 3,
      "gen_ai.usage.total_tokens": 15,
    },
    { input: 4, cache_read: 4, cache_write_5m: 2, output: 5, reasoning: 3 },
  ],
  [
    "OpenInference, with audio",
    {
      "llm.token_count.prompt": 100,
      "llm.token_count.prompt_details.cache_read": 20,
      "llm.token_count.prompt_details.audio": 30,
      "llm.token_count.completion": 40,
      "llm.token_count.completion_details.audio": 10,
      "llm.token_count.total": 140,
    },
    { input: 50, cache_read: 20, input_audio: 30, output: 30, output_audio: 10 },
  ],
  [
    "Vercel's AI SDK 6",
    {
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.usage.inputTokens": 100,
      "ai.usage.inputTokenDetails.noCacheTokens": 40,
      "ai.usage.inputTokenDetails.cacheReadTokens": 60,
      "ai.usage.outputTokens": 5,
    },
    { input: 40, cache_read: 60, output: 5 },
    [],
    true,
  ],
  [
    "Vercel's AI SDK 5 with Anthropic: cached tokens are apart",
    {
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.usage.inputTokens": 100,
      "ai.usage.cachedInputTokens": 60,
      "ai.usage.outputTokens": 5,
      "ai.usage.totalTokens": 105,
    },
    { input: 100, cache_read: 60, output: 5 },
    [],
    true,
  ],
  [
    "Traceloop",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 2,
      "gen_ai.usage.cache_read_input_tokens": 4,
      "llm.usage.total_tokens": 12,
    },
    { input: 6, cache_read: 4, output: 2 },
  ],
  [
    "the sum shows that cached tokens are apart",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 2,
      "gen_ai.usage.cache_read_input_tokens": 4,
      "gen_ai.usage.total_tokens": 16,
    },
    { input: 10, cache_read: 4, output: 2 },
  ],
  [
    "more cached tokens than input are apart, and doubtful",
    { "gen_ai.usage.input_tokens": 3, "gen_ai.usage.cache_read.input_tokens": 9 },
    { input: 3, cache_read: 9, output: 0 },
    doubtful,
  ],
  [
    "Gemini: the sum shows that reasoning is apart",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.usage.reasoning_tokens": 3,
      "gen_ai.usage.total_tokens": 18,
    },
    { input: 10, output: 8, reasoning: 3 },
  ],
  [
    "a sum of something else is doubtful",
    {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.usage.total_tokens": 99,
    },
    { input: 10, output: 5 },
    doubtful,
  ],
];

for (const [fact, attributes, usage, flags = [], isAnthropic = false] of cases) {
  test(fact, () => {
    assert.deepEqual(
      countsOf(
        new Map(Object.entries(attributes).map(([name, value]) => [name, String(value)])),
        isAnthropic,
      ),
      { usage, flags },
    );
  });
}

test("a span without counts has none, and one with a count that is none is refused by its name", () => {
  const nan = new Map([["ai.usage.promptTokens", "NaN"]]);
  assert.equal(countsOf(nan, false), undefined);
  for (const count of ["-1", "1.5", "many"])
    assert.throws(
      () => countsOf(new Map([["gen_ai.usage.output_tokens", count]]), false),
      /gen_ai\.usage\.output_tokens is /,
    );
});
