/** Prices that were missing or wrong beside public price maps, and their siblings. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd, parseUsd, pico } from "../domain/money/money.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const book = catalogue.book([]);
const now = Date.parse("2026-11-22T12:00:00Z");

interface Terms {
  readonly at?: string;
  readonly serviceTier?: ServiceTier;
}

/** The cost in USD; null without a price. */
function cost(name: string, usage: object, { at, serviceTier = "standard" }: Terms = {}) {
  const [provider = "", ...rest] = name.split("/");
  const time = at === undefined ? now : Date.parse(at);
  const sheet = book.sheet({ provider, model: rest.join("/"), at: time });
  const lines = sheet?.charge({ model: null, usage: usage as Usage }, { serviceTier, at: time });
  return lines ? formatUsd(pico(lines.reduce((sum, line) => sum + line.cost, 0n))) : null;
}

const million = { input: 1_000_000, output: 1_000_000 };

test("text costs what the vendors' pages say, where names are easily taken for older ones", () => {
  for (const [name, usd] of [
    ["aws/amazon.titan-embed-text-v2:0", "0.04"],
    ["aws/amazon.titan-embed-text-v1", "0.2"],
    ["azure/gpt-oss-120b", "0.75"],
    ["groq/openai/gpt-oss-120b", "0.75"],
    ["groq/openai/gpt-oss-20b", "0.375"],
    ["google/gemini-3.8-flash-tts", "9.5"],
    ["google/gemini-2.5-flash-preview-tts", "10.5"],
    ["mistral/mistral-large-latest", "2"],
    ["mistral/mistral-large-2512", "2"],
    ["mistral/mistral-large-2411", "8"],
    ["mistral/mistral-small-latest", "0.75"],
    ["mistral/mistral-medium", "9"],
    ["mistral/mistral-medium-latest", "9"],
    ["openrouter/deepseek/deepseek-v4-pro", "4.248"],
    ["x-ai/grok-4.20-0309-reasoning", "7.5"],
    ["together/openai/gpt-oss-120b", "0.75"],
    ["fireworks/accounts/fireworks/models/gpt-oss-120b", "0.75"],
  ] as const)
    assert.equal(cost(name, million), usd, name);
});

test("a Titan embedding counts input only", () => {
  assert.equal(cost("aws/amazon.titan-embed-text-v2:0", { input: 1_000_000 }), "0.02");
});

test("Claude's cached input on Bedrock is a twentieth of the regional or global input price", () => {
  const cached = { cache_read: 1_000_000 };
  assert.equal(cost("aws/anthropic.claude-sonnet-5-5", cached), "0.11");
  assert.equal(cost("aws/us.anthropic.claude-sonnet-5-5", cached), "0.11");
  assert.equal(cost("aws/global.anthropic.claude-sonnet-5-5", cached), "0.1");
  assert.equal(cost("aws/us-gov.anthropic.claude-sonnet-5-5", cached), "0.12");
});

test("audio has its own price in models that speak", () => {
  const talk = { input_audio: 100_000, output_audio: 1_000 };
  assert.equal(cost("openai/gpt-4o-audio-preview", talk), "4.08");
  assert.equal(cost("openai/gpt-4o-audio-preview-2025-06-03", talk), "4.08");
  assert.equal(cost("openai/gpt-4o-mini-audio-preview", talk), "1.02");
  assert.equal(cost("openai/gpt-audio", talk), "3.264");
  assert.equal(cost("openai/gpt-4o-transcribe", { input_audio: 1_000_000 }), "6");
});

test("tiers cost what their own lists say", () => {
  const under = (name: string, serviceTier: ServiceTier) => cost(name, million, { serviceTier });
  assert.equal(under("google/gemini-3.5-flash", "priority"), "18.9");
  assert.equal(under("google/gemini-3.5-flash", "flex"), "5.25");
  assert.equal(under("x-ai/grok-4.6", "batch"), "12.8");
  assert.equal(under("mistral/mistral-large-latest", "batch"), "1");
  assert.equal(under("groq/openai/gpt-oss-120b", "batch"), "0.375");
  const long = { input: 300_000, output: 1_000_000 };
  assert.equal(cost("openai/gpt-6-sol", long), "16.2");
  assert.equal(cost("openai/gpt-6-sol", long, { serviceTier: "batch" }), "8.1");
});

test("a cache write that OpenAI keeps longer is twice the price of others", () => {
  for (const model of ["gpt-6-sol", "gpt-6.1-sol"])
    assert.equal(cost(`openai/${model}`, { cache_write_1h: 100_000 }), "0.5", model);
  assert.equal(cost("openai/gpt-6.1-terra", { cache_write_1h: 100_000 }), "0.25");
});

test("models billed by the second, character, page, image or search have that price", () => {
  for (const [name, usage, usd] of [
    ["openai/whisper-1", { audio_seconds: 60 }, "0.006"],
    ["groq/whisper-large-v3-turbo", { audio_seconds: 3600 }, "0.0400000032"],
    ["deepgram/nova-3", { audio_seconds: 60 }, "0.0043002"],
    ["openai/tts-1", { characters: 1_000 }, "0.015"],
    ["openai/tts-1-hd", { characters: 1_000 }, "0.03"],
    ["mistral/mistral-ocr-latest", { pages: 1_000 }, "4"],
    ["azure/dall-e-3", { images_hd_1024x1792: 1 }, "0.132"],
    ["azure/dall-e-3", { images_standard_1024x1024: 1 }, "0.044"],
    ["x-ai/grok-imagine-image-2.0", { images_1k: 1 }, "0.04"],
    ["aws/cohere.rerank-v3-5:0", { search_units: 1_000 }, "2"],
    ["google/veo-3.1-generate-001", { video_seconds: 8 }, "3.2"],
    ["openai/sora-2", { video_seconds: 8 }, "0.8"],
    ["openai/sora-2-pro", { video_seconds_720p: 8 }, "2.4"],
    ["openai/sora-2-pro-2025-10-06", { video_seconds_1024p: 8 }, "4"],
    ["azure/sora-2-pro", { video_seconds_1024p: 8 }, "4"],
    ["openai/sora-2-pro", { video_seconds_1080p: 8 }, "5.6"],
  ] as const)
    assert.equal(cost(name, usage), usd, name);
});

test("an image of a size or quality that is not listed is unpriced, not free", () => {
  const sheet = book.sheet({ provider: "azure", model: "dall-e-3", at: now });
  const usage = { images_hd_512x512: 1 } as unknown as Usage;
  const [line] = sheet?.charge({ model: null, usage }, { serviceTier: "standard", at: now }) ?? [];
  assert.equal(line?.rate?.source, "unpriced");
});

test("DeepSeek's old names have the price of their day, and none since they ended", () => {
  const chat = (at: string, name = "deepseek-chat") => cost(`deepseek/${name}`, million, { at });
  assert.equal(chat("2025-01-15T12:00:00Z"), "0.42");
  assert.equal(chat("2025-02-10T20:00:00Z"), "1.37");
  assert.equal(chat("2025-06-01T16:29:59Z"), "1.37");
  assert.equal(chat("2025-06-01T16:30:00Z"), "0.685");
  assert.equal(chat("2025-06-01T16:29:59Z", "deepseek-reasoner"), "2.74");
  assert.equal(chat("2025-06-01T16:30:00Z", "deepseek-reasoner"), "0.685");
  assert.equal(chat("2025-09-05T16:00:00Z"), "2.24");
  assert.equal(chat("2025-10-01T00:00:00Z"), "0.7");
  assert.equal(chat("2026-05-01T00:00:00Z"), "0.42");
  assert.equal(chat("2026-07-24T15:58:59Z"), "0.42");
  assert.equal(chat("2026-07-24T15:59:00Z"), null);
  assert.equal(chat("2026-11-22T12:00:00Z", "deepseek-reasoner"), null);
});

test("xAI bills its retired models as grok-4.3 since 2026-05-15, noon in California", () => {
  const before = "2026-05-15T18:59:59Z";
  for (const [model, usd] of [
    ["grok-4-fast-reasoning", "0.7"],
    ["grok-4-fast", "0.7"],
    ["grok-4-1-fast-non-reasoning", "0.7"],
    ["grok-code-fast-1", "1.7"],
    ["grok-4", "18"],
    ["grok-3", "18"],
  ] as const) {
    const small = { input: 100_000, output: 1_000_000 };
    const whole = { input: 1_000_000, output: 1_000_000 };
    assert.equal(cost(`x-ai/${model}`, whole, { at: before }), usd, model);
    assert.equal(cost(`x-ai/${model}`, small), "2.625", model);
  }
  assert.equal(cost("x-ai/grok-4-fast", { input: 200_000 }), "0.5", "a long context");
});

test("moderation is free, and a free variant of a router is, if it is listed", () => {
  assert.equal(cost("openai/omni-moderation-latest", { input: 1_000 }), "0");
  assert.equal(cost("openrouter/openai/gpt-oss-20b:free", { input: 1_000 }), "0");
});

test("an id of Bedrock without a place costs what the regional ids do, from Claude 4.5 on", () => {
  for (const [model, global, regional] of [
    ["anthropic.claude-sonnet-4-5-20250929-v1:0", "18", "19.8"],
    ["anthropic.claude-haiku-4-5-20251001-v1:0", "6", "6.6"],
    ["anthropic.claude-opus-4-5-20251101-v1:0", "30", "33"],
    ["anthropic.claude-opus-4-6-v1", "30", "33"],
    ["anthropic.claude-opus-4-7", "30", "33"],
    ["anthropic.claude-opus-4-8", "30", "33"],
    ["anthropic.claude-sonnet-4-6", "18", "19.8"],
    ["anthropic.claude-opus-5", "30", "33"],
    ["anthropic.claude-sonnet-4-20250514-v1:0", "18", "18"],
  ] as const) {
    const short = { input: 100_000, output: 100_000 };
    const tenth = (usd: string): string => formatUsd(pico(parseUsd(usd) / 10n));
    assert.equal(cost(`aws/global.${model}`, short), tenth(global), `global.${model}`);
    assert.equal(cost(`aws/us.${model}`, short), tenth(regional), `us.${model}`);
    assert.equal(cost(`aws/${model}`, short), tenth(regional), model);
  }
});

test("a Bedrock model has its long context and its batches in every place", () => {
  const long = { input: 300_000, output: 1_000 };
  const model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
  assert.equal(cost(`aws/global.${model}`, long), "1.8225");
  for (const place of ["", "us.", "eu.", "apac.", "jp."])
    assert.equal(cost(`aws/${place}${model}`, long), "2.00475", place);
  assert.equal(cost(`aws/${model}`, { input: 100_000 }, { serviceTier: "batch" }), "0.165");
  const sheet = book.sheet({ provider: "aws", model, at: now });
  const gov = sheet?.charge(
    { model: null, usage: { input: 100_000 } },
    { serviceTier: "standard", region: "us-gov-west-1", at: now },
  );
  assert.equal(gov?.[0] && formatUsd(gov[0].cost), "0.36");
});

test("a web search costs the same under every id of a model", () => {
  const searches = { web_search: 100 };
  for (const model of ["gpt-4.1", "gpt-4.1-2025-04-14", "gpt-4.1-mini", "gpt-4o-mini-2024-07-18"])
    assert.equal(cost(`openai/${model}`, searches), "1", model);
  assert.equal(cost("openai/gpt-4o-search-preview", searches), "2.5");
  // Bing's fee, also where the list has OpenAI's or none.
  for (const model of ["gpt-6-sol", "gpt-6-sol-2026-09-22", "gpt-6.1-sol", "gpt-6-astra", "gpt-4o"])
    assert.equal(cost(`azure/${model}`, searches), "1.4", model);
});

test("a long context costs the same under the dated id", () => {
  const long = { input: 300_000, output: 1_000 };
  for (const model of ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929"]) {
    assert.equal(cost(`anthropic/${model}`, long), "1.8225", model);
    assert.equal(cost(`anthropic/${model}`, long, { serviceTier: "batch" }), "0.91125", model);
  }
});
