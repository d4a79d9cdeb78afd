/** Tests how Gemini's usage metadata is split into meters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { countTokens } from "../../domain/usage/usage.ts";
import { countsOutput, countsTokens, readGeminiUsage } from "./usage.ts";

test("cached tokens are inside the prompt, thoughts outside the candidates, tool results outside the prompt", () => {
  const read = readGeminiUsage({
    promptTokenCount: 373,
    cachedContentTokenCount: 204,
    candidatesTokenCount: 89,
    thoughtsTokenCount: 167,
    toolUsePromptTokenCount: 31,
    totalTokenCount: 660,
  });
  const usage = { input: 169 + 31, cache_read: 204, output: 256, reasoning: 167 };
  assert.deepEqual(read, { usage, serviceTier: null, invalid: false });
});

test("audio is priced separately for input and output, images only for output", () => {
  const { usage } = readGeminiUsage({
    promptTokenCount: 500,
    cachedContentTokenCount: 200,
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: 100 },
      { modality: "AUDIO", tokenCount: 300 },
      { modality: "IMAGE", tokenCount: 100 },
    ],
    cacheTokensDetails: [
      { modality: "AUDIO", tokenCount: 150 },
      { modality: "TEXT", tokenCount: 50 },
    ],
    toolUsePromptTokenCount: 20,
    toolUsePromptTokensDetails: [{ modality: "AUDIO", tokenCount: 5 }],
    candidatesTokenCount: 1400,
    candidatesTokensDetails: [
      { modality: "IMAGE", tokenCount: 1290 },
      { modality: "AUDIO", tokenCount: 10 },
    ],
  });
  assert.deepEqual(usage, {
    input: 300 - 150 + 15,
    cache_read: 50,
    input_audio: 155,
    cache_read_audio: 150,
    output: 100,
    output_image: 1290,
    output_audio: 10,
  });
});

test("generated video has the meter of generated images", () => {
  const { usage } = readGeminiUsage({
    promptTokenCount: 5,
    candidatesTokenCount: 1400,
    candidatesTokensDetails: [
      { modality: "VIDEO", tokenCount: 1290 },
      { modality: "IMAGE", tokenCount: 100 },
    ],
  });
  assert.deepEqual(usage, { input: 5, output: 10, output_image: 1390 });
});

test("the Live API's response count is output", () => {
  assert.deepEqual(readGeminiUsage({ promptTokenCount: 3, responseTokenCount: 8 }).usage, {
    input: 3,
    output: 8,
  });
});

test("without a count of the candidates, the rest of the total is output", () => {
  const { usage } = readGeminiUsage({
    promptTokenCount: 9,
    thoughtsTokenCount: 40,
    totalTokenCount: 60,
  });
  assert.deepEqual(usage, { input: 9, output: 51, reasoning: 40 });
});

test("what the total has beyond all counts is output, unreported thoughts", () => {
  const counts = { promptTokenCount: 20, candidatesTokenCount: 198 };
  assert.deepEqual(readGeminiUsage({ ...counts, totalTokenCount: 623 }).usage, {
    input: 20,
    output: 603,
  });
  assert.deepEqual(
    readGeminiUsage({ ...counts, cachedContentTokenCount: 15, totalTokenCount: 218 }).usage,
    {
      input: 5,
      cache_read: 15,
      output: 198,
    },
  );
  const all = { ...counts, thoughtsTokenCount: 5, toolUsePromptTokenCount: 100 };
  assert.deepEqual(readGeminiUsage({ ...all, totalTokenCount: 323 }).usage, {
    input: 120,
    output: 203,
    reasoning: 5,
  });
  assert.deepEqual(readGeminiUsage({ ...all, totalTokenCount: 10 }).usage, {
    input: 120,
    output: 203,
    reasoning: 5,
  });
  assert.deepEqual(
    readGeminiUsage({ candidatesTokenCount: 4, totalTokenCount: 50 }).usage,
    { output: 4 },
    "the prompt is unknown",
  );
});

test("the tier is read from either API's field", () => {
  const tier = (metadata: Record<string, unknown>): string | null =>
    readGeminiUsage(metadata).serviceTier;
  assert.equal(tier({}), null);
  assert.equal(tier({ serviceTier: "standard" }), "standard");
  assert.equal(tier({ serviceTier: "flex" }), "flex");
  assert.equal(tier({ serviceTier: "PRIORITY" }), "priority");
  assert.equal(tier({ trafficType: "ON_DEMAND" }), "standard");
  assert.equal(tier({ trafficType: "ON_DEMAND_PRIORITY" }), "priority");
  assert.equal(tier({ trafficType: "ON_DEMAND_FLEX" }), "flex");
  assert.equal(tier({ serviceTier: "standard", trafficType: "ON_DEMAND_FLEX" }), "flex");
  assert.equal(tier({ serviceTier: "SERVICE_TIER_FLEX" }), "flex");
  assert.equal(tier({ serviceTier: "unspecified", trafficType: "TRAFFIC_TYPE_UNSPECIFIED" }), null);
});

test("a tier without a list price, or an unknown one, is not read as standard", () => {
  for (const metadata of [
    { trafficType: "PROVISIONED_THROUGHPUT" },
    { trafficType: "ON_DEMAND_TURBO" },
    { serviceTier: "turbo" },
  ]) {
    assert.equal(readGeminiUsage(metadata).serviceTier, "other");
  }
  assert.equal(
    readGeminiUsage({ serviceTier: "flex", trafficType: "ON_DEMAND_PRIORITY" }).serviceTier,
    "other",
  );
});

test("impossible counts are omitted and flagged", () => {
  assert.deepEqual(readGeminiUsage({ promptTokenCount: -3, candidatesTokenCount: 4 }), {
    usage: { output: 4 },
    serviceTier: null,
    invalid: true,
  });
  const more = readGeminiUsage({
    promptTokenCount: 3,
    cachedContentTokenCount: 10,
    candidatesTokenCount: 1,
  });
  assert.deepEqual([more.usage, more.invalid], [{ input: 0, cache_read: 10, output: 1 }, true]);
});

test("metadata with only a traffic type, or only zeros, counts nothing", () => {
  assert.equal(countsTokens({ trafficType: "ON_DEMAND" }), false);
  assert.equal(countsTokens({ promptTokenCount: null }), false);
  assert.equal(
    countsTokens({ promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 }),
    false,
  );
  assert.equal(countsTokens({ promptTokenCount: 0, thoughtsTokenCount: 3 }), true);
});

test("metadata that counts only the prompt does not report the output", () => {
  assert.equal(
    countsOutput({ promptTokenCount: 9, candidatesTokenCount: 0, totalTokenCount: 9 }),
    false,
  );
  assert.equal(
    countsOutput({ promptTokenCount: 9, toolUsePromptTokenCount: 4, totalTokenCount: 13 }),
    false,
  );
  assert.equal(countsOutput({ promptTokenCount: 9, totalTokenCount: 12 }), true);
  assert.equal(countsOutput({ promptTokenCount: 9, responseTokenCount: 1 }), true);
});

test("no token is lost or counted twice, whatever the modalities", () => {
  const count = fc.nat({ max: 100_000 });
  const details = fc.array(
    fc.record({ modality: fc.constantFrom("TEXT", "AUDIO", "IMAGE", "VIDEO"), tokenCount: count }),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(
      fc.tuple(count, count, count, count, count),
      fc.tuple(details, details, details, details),
      (counts, lists) => {
        const [fresh, cached, tools, candidates, thoughts] = counts;
        const { usage, invalid } = readGeminiUsage({
          promptTokenCount: fresh + cached,
          cachedContentTokenCount: cached,
          toolUsePromptTokenCount: tools,
          candidatesTokenCount: candidates,
          thoughtsTokenCount: thoughts,
          promptTokensDetails: lists[0],
          cacheTokensDetails: lists[1],
          toolUsePromptTokensDetails: lists[2],
          candidatesTokensDetails: lists[3],
        });
        assert.equal(countTokens(usage), fresh + cached + tools + candidates + thoughts);
        assert.ok(Object.values(usage).every((value) => value >= 0));
        assert.equal(invalid, false);
      },
    ),
  );
});
