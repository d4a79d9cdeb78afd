/** Prices and limits of the catalogue, compared with those of the providers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd, pico } from "../domain/money/money.ts";
import { formatPerMillion } from "../domain/price/text/per-million.ts";
import { definePrice } from "../domain/price/text/override.ts";
import type { Charge, ServiceTier } from "../domain/price/row/rate.ts";
import { makePriceBook } from "../domain/price/book.ts";
import { tokenMeters, type FeeMeter, type Usage } from "../domain/usage/usage.ts";
import { formatRow } from "../domain/price/text/row-text.ts";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const book = catalogue.book([]);
/** A Sunday: DeepSeek is off-peak all day. */
const sunday = Date.parse("2026-11-22T12:00:00Z");

interface Call {
  readonly name: string;
  readonly usage: Usage;
  readonly at?: number;
  readonly serviceTier?: ServiceTier;
}

function charge({ name, usage, at = sunday, serviceTier = "standard" }: Call): readonly Charge[] {
  const [provider = "", ...rest] = name.split("/");
  const sheet = book.sheet({ provider, model: rest.join("/"), at });
  return (
    sheet?.charge({ model: null, usage }, { serviceTier, at }) ??
    assert.fail(`${name} has no price`)
  );
}

function cost(call: Call): string {
  return formatUsd(pico(charge(call).reduce((sum, line) => sum + line.cost, 0n)));
}

/** USD per million units of one meter. */
function rate(name: string, meter: keyof Usage, more: Partial<Call> = {}): string {
  const line = charge({ name, usage: { [meter]: 1 }, ...more })[0];
  return formatPerMillion(line?.rate?.perUnit ?? assert.fail(`${name} has no rate for ${meter}`));
}

test("real requests cost what their providers bill", () => {
  const chat: Usage = { input: 600, cache_read: 400, output: 500 };
  const table: readonly (readonly [string, Usage, string])[] = [
    ["openai/gpt-4o", chat, "0.007"],
    ["openai/gpt-5", chat, "0.0058"],
    [
      "anthropic/claude-sonnet-4-5",
      { input: 100_000, cache_read: 150_000, output: 1_000 },
      "0.7125",
    ],
    [
      "anthropic/claude-sonnet-4-5",
      { input: 1_740, cache_read: 2_000, cache_write_5m: 400, cache_write_1h: 600, output: 255 },
      "0.014745",
    ],
    ["deepseek/deepseek-flash", chat, "0.0003912"],
    ["x-ai/grok-4-fast", chat, "0.00039"],
    ["x-ai/grok-4", chat, "0.0096"],
    ["google/gemini-2.5-pro", { input: 150_000, cache_read: 100_000, output: 1_000 }, "0.415"],
    ["x-ai/grok-4", { input: 1, cache_read: 686, output: 254 }, "0.0043275"],
  ];
  // Before xAI redirected its older models.
  const spring = Date.parse("2026-04-01T12:00:00Z");
  for (const [name, usage, usd] of table)
    assert.equal(cost({ name, usage, ...(name.startsWith("x-ai/") && { at: spring }) }), usd, name);
});

test("long-context prices begin above 200,000 tokens at Google and Anthropic, and at 200,000 at xAI", () => {
  assert.equal(cost({ name: "google/gemini-2.5-pro", usage: { input: 200_000 } }), "0.25");
  assert.equal(cost({ name: "google/gemini-2.5-pro", usage: { input: 200_001 } }), "0.5000025");
  assert.equal(
    cost({ name: "anthropic/claude-sonnet-4-5", usage: { input: 100_000, cache_read: 100_000 } }),
    "0.33",
  );
  assert.equal(
    cost({ name: "anthropic/claude-sonnet-4-5", usage: { input: 100_000, cache_read: 100_001 } }),
    "0.6600006",
  );
  assert.equal(cost({ name: "x-ai/grok-4.6", usage: { input: 199_999 } }), "0.399998");
  assert.equal(cost({ name: "x-ai/grok-4.6", usage: { input: 200_000 } }), "0.8");
  assert.equal(cost({ name: "x-ai/grok-4.7", usage: { input: 200_000 } }), "0.8");
});

test("OpenAI's long-context prices begin above 272,000 tokens, however the list writes it", () => {
  assert.equal(cost({ name: "openai/gpt-5.4", usage: { input: 272_000 } }), "0.68");
  assert.equal(cost({ name: "openai/gpt-5.4", usage: { input: 272_001 } }), "1.360005");
  assert.equal(cost({ name: "openai/gpt-6-sol", usage: { input: 272_000 } }), "0.544");
  assert.equal(cost({ name: "openai/gpt-6.1-sol", usage: { input: 272_001 } }), "1.088004");
});

test("DeepSeek's peak is 01 to 04 and 06 to 10 UTC on weekdays, at twice the price", () => {
  const peaks: readonly (readonly [string, string])[] = [
    ["2026-11-20T00:59:59.999Z", "0.15"],
    ["2026-11-20T01:00:00Z", "0.3"],
    ["2026-11-20T03:59:59.999Z", "0.3"],
    ["2026-11-20T04:00:00Z", "0.15"],
    ["2026-11-20T06:00:00Z", "0.3"],
    ["2026-11-20T10:00:00Z", "0.15"],
    ["2026-11-21T02:00:00Z", "0.15"],
    ["2026-11-22T02:00:00Z", "0.15"],
    ["2026-11-23T02:00:00Z", "0.3"],
  ];
  for (const [time, usd] of peaks)
    assert.equal(rate("deepseek/deepseek-flash", "input", { at: Date.parse(time) }), usd, time);
  assert.equal(
    rate("deepseek/deepseek-v4-pro", "output", { at: Date.parse("2026-11-20T01:00:00Z") }),
    "3.96",
  );
});

test("an older DeepSeek name keeps its old price for its old calls", () => {
  assert.equal(
    rate("deepseek/deepseek-v4-flash", "output", { at: Date.parse("2026-08-16T15:59:59Z") }),
    "0.28",
  );
  assert.equal(
    rate("deepseek/deepseek-v4-flash", "output", { at: Date.parse("2026-08-16T16:00:00Z") }),
    "0.66",
  );
  assert.equal(
    rate("deepseek/deepseek-v4-flash", "output", { at: Date.parse("2026-09-10T03:59:59Z") }),
    "1.32",
  );
  assert.equal(
    rate("deepseek/deepseek-v4-flash", "output", { at: Date.parse("2026-09-10T06:00:00Z") }),
    "1.2",
  );
  assert.equal(rate("deepseek/deepseek-v4-flash", "output"), "0.6");
});

test("dated prices of the list apply from their date", () => {
  assert.equal(rate("openai/o3", "input", { at: Date.parse("2025-06-09T23:59:59Z") }), "10");
  assert.equal(rate("openai/o3", "input", { at: Date.parse("2025-06-10T00:00:00Z") }), "2");
  const long: Usage = { input: 200_001 };
  assert.equal(
    cost({
      name: "anthropic/claude-opus-4-6",
      usage: long,
      at: Date.parse("2026-03-12T12:00:00Z"),
    }),
    "2.00001",
  );
  assert.equal(
    cost({
      name: "anthropic/claude-opus-4-6",
      usage: long,
      at: Date.parse("2026-03-13T00:00:00Z"),
    }),
    "1.000005",
  );
});

test("a model that only shares a prefix with a known one has no price, and a dated snapshot has", () => {
  const match = (provider: string, model: string): string | undefined =>
    book.sheet({ provider, model, at: sunday })?.match;
  assert.equal(match("anthropic", "claude-sonnet-5-7"), undefined);
  assert.equal(match("anthropic", "claude-sonnet-5"), "exact");
  assert.equal(match("openai", "gpt-4o-2024-08-06"), "snapshot");
  assert.equal(match("openai", "gpt-5-nano-2025-08-07"), "snapshot");
  assert.equal(match("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"), "exact");
});

test("models that the list confuses with older ones have their own price", () => {
  assert.equal(rate("anthropic/claude-sonnet-5-5", "cache_read"), "0.1");
  assert.equal(
    rate("anthropic/claude-sonnet-5-5", "cache_read", { at: Date.parse("2026-10-06T00:00:00Z") }),
    "0.2",
  );
  assert.equal(
    book.sheet({ provider: "anthropic", model: "claude-sonnet-5-5", at: sunday })?.match,
    "exact",
  );
  assert.equal(
    cost({ name: "anthropic/claude-haiku-5-5", usage: { input: 100_000, output: 1_000 } }),
    "0.0105",
  );
  assert.equal(
    cost({
      name: "anthropic/claude-haiku-5-5",
      usage: { input: 99_999, cache_read: 2, output: 1_000 },
    }),
    "0.0524996",
  );
});

test("a model without a price in any source is unpriced", () => {
  for (const [provider, model] of [
    ["openai", "gpt-9"],
    ["nobody", "gpt-4o"],
    ["", ""],
  ] as const) {
    assert.equal(book.sheet({ provider, model, at: sunday }), undefined, `${provider}/${model}`);
  }
});

test("the served tier decides: half price in batch or flex, more for priority or fast", () => {
  const chat: Usage = { input: 600, cache_read: 400, output: 500 };
  assert.equal(cost({ name: "openai/gpt-5", usage: chat, serviceTier: "flex" }), "0.0029");
  assert.equal(cost({ name: "openai/gpt-5", usage: chat, serviceTier: "batch" }), "0.0029");
  assert.equal(
    cost({
      name: "anthropic/claude-opus-4-8",
      usage: { input: 1_000, output: 1_000 },
      serviceTier: "batch",
    }),
    "0.015",
  );
  assert.equal(rate("anthropic/claude-opus-5-5", "output", { serviceTier: "fast" }), "40");
  assert.equal(rate("anthropic/claude-opus-4-6", "output", { serviceTier: "fast" }), "150");
  assert.equal(rate("google/gemini-2.5-pro", "input", { serviceTier: "batch" }), "0.625");
  assert.equal(
    rate("anthropic/claude-sonnet-4-5", "web_search", { serviceTier: "batch" }),
    "10000",
  );
});

test("Gemini's flex is half the price, since Gemini 3 including cached tokens, and priority 1.8 times", () => {
  const usage: Usage = { input: 7, output: 205 };
  assert.equal(cost({ name: "google/gemini-3.5-flash", usage, serviceTier: "flex" }), "0.00092775");
  assert.equal(
    cost({
      name: "google/gemini-3.5-flash",
      usage: { input: 7, output: 161 },
      serviceTier: "priority",
    }),
    "0.0026271",
  );
  assert.equal(rate("google/gemini-3.8-flash", "cache_read", { serviceTier: "flex" }), "0.0375");
  assert.equal(rate("google/gemini-2.5-pro", "cache_read", { serviceTier: "flex" }), "0.125");
  assert.equal(rate("google/gemini-2.5-pro", "input", { serviceTier: "priority" }), "2.25");
});

test("xAI's priority is twice and its batch four fifths of the price", () => {
  assert.equal(rate("x-ai/grok-4.6", "input", { serviceTier: "priority" }), "4");
  assert.equal(rate("x-ai/grok-4.6", "output", { serviceTier: "batch" }), "4.8");
});

test("a model that accepts more than its listed window is not over its context", () => {
  const window = (model: string): number | undefined =>
    book.sheet({ provider: "anthropic", model, at: sunday })?.contextWindow;
  assert.equal(window("claude-sonnet-4-5"), 1_000_000);
  assert.equal(window("claude-haiku-4-5"), 200_000);
  for (const { provider, model, contextWindow = Infinity } of catalogue.models()) {
    const sheet = book.sheet({ provider, model, at: sunday });
    const rateAt = (input: number): bigint | undefined =>
      sheet?.charge({ model: null, usage: { input } }, { serviceTier: "standard", at: sunday })[0]
        ?.rate?.perUnit;
    const limit = sheet?.contextWindow ?? contextWindow;
    if (Number.isFinite(limit))
      assert.equal(
        rateAt(limit),
        rateAt(limit + 1_000),
        `${provider}/${model} prices more than its window`,
      );
  }
});

test("the model that searches in every call has a price, and so do its searches", () => {
  assert.equal(
    cost({ name: "openai/gpt-5-search-api", usage: { input: 9, output: 363, web_search: 1 } }),
    "0.01364125",
  );
  assert.equal(
    book.sheet({ provider: "openai", model: "gpt-5-search-api-2025-10-14", at: sunday })?.match,
    "snapshot",
  );
});

test("OpenAI's priority prices are its own list, to the cent", () => {
  const list: readonly (readonly [string, string, string, string])[] = [
    ["gpt-5.5", "12.5", "1.25", "75"],
    ["gpt-5.4-mini", "1.5", "0.15", "9"],
    ["gpt-5.4", "5", "0.5", "30"],
    ["gpt-5.2", "3.5", "0.35", "28"],
    ["gpt-5.1", "2.5", "0.25", "20"],
    ["gpt-5", "2.5", "0.25", "20"],
    ["gpt-5-mini", "0.45", "0.045", "3.6"],
    ["gpt-4.1", "3.5", "0.875", "14"],
    ["gpt-4.1-mini", "0.7", "0.175", "2.8"],
    ["gpt-4.1-nano", "0.2", "0.05", "0.8"],
    ["gpt-4o", "4.25", "2.125", "17"],
    ["gpt-4o-2024-05-13", "8.75", "8.75", "26.25"],
    ["gpt-4o-mini", "0.25", "0.125", "1"],
    ["o3", "3.5", "0.875", "14"],
    ["o4-mini", "2", "0.5", "8"],
    ["gpt-6.1-sol", "4", "0.2", "20"],
  ];
  for (const [model, ...prices] of list) {
    const priority = (["input", "cache_read", "output"] as const).map((meter) =>
      rate(`openai/${model}`, meter, { serviceTier: "priority" }),
    );
    assert.deepEqual(priority, prices, model);
  }
});

test("Claude's cache writes are 1.25 and 2 times the input price if the list has none", () => {
  const bare =
    catalogue
      .models()
      .find(({ provider, model }) => provider === "anthropic" && model === "claude-2") ??
    assert.fail("the list has claude-2");
  const lines = charge({
    name: `anthropic/${bare.model}`,
    usage: { cache_write_5m: 1, cache_write_1h: 1 },
  });
  assert.deepEqual(
    lines.map(({ rate }) => [formatPerMillion(rate?.perUnit ?? pico(0n)), rate?.source]),
    [
      ["10", "overlay"],
      ["16", "overlay"],
    ],
  );
  assert.equal(
    charge({ name: "anthropic/claude-opus-5-5", usage: { cache_write_1h: 1 } })[0]?.rate?.source,
    "genai-prices",
  );
});

test("a search at OpenRouter is held at the fee of Exa, and charged at that of the model's vendor", () => {
  const held = (model: string, fees?: readonly FeeMeter[]): string => {
    const sheet = book.sheet({ provider: "openrouter", model, at: sunday }) ?? assert.fail();
    const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard", fees } as const;
    return formatUsd(sheet.dearest(query).webSearch);
  };
  for (const [model, fee] of [
    ["meta/muse-spark-1.3", "0.0025"],
    ["openai/gpt-6-luna", "0.01"],
  ] as const) {
    assert.deepEqual([held(model), held(model, ["web_search"])], ["0.02", "0.02"], model);
    assert.equal(held(model, ["file_search"]), "0");
    assert.equal(cost({ name: `openrouter/${model}`, usage: { web_search: 1 } }), fee);
  }
});

test("a web search is never free", () => {
  assert.equal(cost({ name: "anthropic/claude-sonnet-4-5", usage: { web_search: 1_000 } }), "10");
  assert.equal(cost({ name: "openai/gpt-4o-search-preview", usage: { web_search: 1_000 } }), "25");
  for (const name of ["gpt-4o-mini-search-preview", "gpt-4o-mini-search-preview-2025-03-11"]) {
    assert.equal(
      cost({ name: `openai/${name}`, usage: { input: 9, output: 363, web_search: 1 } }),
      "0.02521915",
      name,
    );
    assert.equal(cost({ name: `azure/${name}`, usage: { web_search: 1 } }), "0.025", name);
  }
  assert.equal(cost({ name: "xai/grok-4.6", usage: { web_search: 1_000 } }), "5");
  for (const name of ["deepseek/deepseek-v4-pro:online", "openai/gpt-oss-20b:free:online"])
    assert.equal(cost({ name: `openrouter/${name}`, usage: { web_search: 1_000 } }), "20", name);
  assert.equal(cost({ name: "gemini/gemini-2.5-pro", usage: { web_search: 1_000 } }), "35");
  assert.equal(cost({ name: "gemini/gemini-3.5-flash", usage: { web_search: 1_000 } }), "14");
  assert.equal(cost({ name: "gemini/gemini-2.5-flash", usage: { maps_grounding: 1_000 } }), "25");
  for (const { provider, model } of catalogue.models()) {
    const sheet = book.sheet({ provider, model, at: sunday });
    if (!sheet) continue;
    const line = sheet
      .charge({ model: null, usage: { web_search: 1 } }, { serviceTier: "standard", at: sunday })
      .find(({ meter }) => meter === "web_search");
    assert.ok(line && line.cost > 0n, `${provider}/${model}`);
  }
  const stated = catalogue.book([
    definePrice({ provider: "openai", model: "my-model", input: "1", output: "1" }),
  ]);
  const sheet = stated.sheet({ provider: "openai", model: "my-model", at: sunday });
  assert.equal(
    sheet?.charge(
      { model: null, usage: { web_search: 1 } },
      { serviceTier: "standard", at: sunday },
    )[0]?.cost,
    10_000_000_000n,
  );
});

test("the prices of the simulator's models match its own", () => {
  assert.equal(
    cost({
      name: "sim/sim-small",
      usage: { input: 1_000_000, cache_read: 1_000_000, output: 1_000_000, web_search: 1 },
    }),
    "0.835",
  );
  const large: Usage = {
    input: 1_000_000,
    cache_read: 1_000_000,
    cache_write_5m: 1_000_000,
    cache_write_1h: 1_000_000,
    output: 1_000_000,
  };
  assert.equal(cost({ name: "sim/sim-large", usage: large }), "28.05");
  assert.equal(
    cost({
      name: "sim/sim-reasoner",
      usage: { input: 1_000_000, cache_read: 1_000_000, output: 1_000_000 },
    }),
    "11.375",
  );
});

test("the four legacy prices apply before the cut-over, under their own names only", () => {
  const before = Date.parse("2026-10-31T23:59:59Z");
  for (const [name, input, output] of [
    ["deepseek", "0.14", "0.28"],
    ["gpt-mini", "0.15", "0.6"],
    ["anthropic", "3", "15"],
    ["grok-fast", "5", "15"],
  ] as const) {
    assert.deepEqual(
      [
        rate(`${name}/${name}`, "input", { at: before }),
        rate(`${name}/${name}`, "output", { at: before }),
      ],
      [input, output],
    );
    assert.equal(
      charge({ name: `${name}/${name}`, usage: { input: 1 }, at: before })[0]?.rate?.source,
      "legacy",
    );
    assert.equal(book.sheet({ provider: name, model: name, at: before + 1_000 }), undefined);
  }
  assert.equal(
    charge({ name: "anthropic/claude-sonnet-4-5", usage: { input: 1 }, at: before })[0]?.rate
      ?.source,
    "genai-prices",
  );
});

test("limits of common models are known", () => {
  const most = (provider: string, model: string): number | undefined =>
    book.sheet({ provider, model, at: sunday })?.maxOutputTokens;
  for (const [provider, model, tokens] of [
    ["openai", "gpt-4o", 16_384],
    ["openai", "gpt-4o-mini", 16_384],
    ["openai", "gpt-4o-transcribe", 2_000],
    ["openai", "gpt-4o-mini-transcribe-2025-12-15", 2_000],
    ["openai", "gpt-4.1-mini", 32_768],
    ["openai", "gpt-5-mini", 128_000],
    ["openai", "o3", 100_000],
    ["anthropic", "claude-opus-4-1", 32_000],
    ["anthropic", "claude-3-5-haiku-latest", 8_192],
    ["openrouter", "anthropic/claude-sonnet-4.5", 64_000],
    ["google", "gemini-2.5-pro", 65_536],
    ["deepseek", "deepseek-flash", 393_216],
    ["x-ai", "grok-4", undefined],
  ] as const) {
    assert.equal(most(provider, model), tokens, `${provider}/${model}`);
  }
  assert.equal(
    book.sheet({ provider: "openai", model: "gpt-4o", at: sunday })?.contextWindow,
    128_000,
  );
});

test("a provider is identified by its configured prices, else by its base URL, else by its name", () => {
  const find = (name: string, baseUrl: string): string =>
    catalogue.identify({ name, baseUrl, priceProvider: null }).id;
  assert.equal(find("mine", "https://api.x.ai/v1"), "x-ai");
  assert.equal(find("mine", "https://generativelanguage.googleapis.com"), "google");
  assert.equal(find("openai", "http://127.0.0.1:9999/v1"), "openai");
  assert.equal(find("gemini", "http://127.0.0.1:9999"), "google");
  assert.equal(find("sim", "http://127.0.0.1:9999"), "sim");
  assert.equal(find("mine", "http://127.0.0.1:9999/v1"), "mine");
  assert.equal(find("openai", "https://api.x.ai/v1"), "x-ai");
  const stated = catalogue.identify({
    name: "mine",
    baseUrl: "https://api.x.ai/v1",
    priceProvider: "openai",
  });
  assert.equal(stated.id, "openai");
  const { id, region } = catalogue.identify({
    name: "mine",
    baseUrl: "https://eu.api.openai.com/v1",
    priceProvider: null,
  });
  assert.deepEqual([id, region], ["openai", "eu"]);
});

test("a provider with any name has the prices of its vendor", () => {
  const named = catalogue.book([], new Map([["mine", { id: "openai" }]]));
  assert.ok(named.sheet({ provider: "mine", model: "gpt-4o", at: sunday }));
  assert.equal(named.sheet({ provider: "azure", model: "gpt-4o", at: sunday })?.provider, "azure");
  assert.equal(
    named.sheet({ provider: "azure", model: "gpt-4.5-preview", at: sunday })?.provider,
    "openai",
    "a model that only its vendor lists",
  );
  assert.equal(
    named.sheet({ provider: "azure", model: "claude-opus-5-5", at: sunday })?.provider,
    "azure",
  );
});

test("every listed model has a price now or at another time", () => {
  const models = catalogue.models();
  assert.ok(models.length > 5_000);
  assert.equal(
    new Set(models.map(({ provider, model }) => `${provider}/${model}`)).size,
    models.length,
  );
  const ended = models.filter(
    ({ provider, model }) => book.sheet({ provider, model, at: sunday }) === undefined,
  );
  assert.deepEqual(
    ended.map(({ source, model }) => (source === "legacy" ? source : model)),
    ["legacy", "deepseek-chat", "deepseek-reasoner", "legacy", "legacy", "legacy"],
  );
});

test("the book says from which lists it is made, and when its prices were read", () => {
  assert.match(book.version, /^genai-prices@[\d.]+,litellm@[\d.]+,overlay@\d{4}-\d\d-\d\d$/);
  assert.ok(Date.parse(book.version.slice(-10)) <= catalogue.madeAt);
  assert.ok(catalogue.madeAt <= Date.now());
});

test("a disputed price is listed once, and its first figure is what the book charges", () => {
  const names = catalogue
    .disagreements(Date.now())
    .map(({ provider, model, price }) => `${provider}/${model} ${price}`);
  assert.equal(new Set(names).size, names.length);
  const firstOf = (model: string, price: string): unknown => {
    const found = catalogue
      .disagreements(Date.now())
      .find((one) => one.model === model && one.price === price);
    return [found?.stated[0]?.usd, found?.stated[0]?.source];
  };
  assert.deepEqual(firstOf("grok-code-fast-1", "cache_read"), ["0.2", "overlay"]);
  assert.deepEqual(firstOf("grok-3", "batch input"), ["1", "overlay"]);
  assert.deepEqual(firstOf("us-gov.anthropic.claude-haiku-5-5", "output above 100000"), [
    "3",
    "litellm",
  ]);
});

test("a price that a user states is the first figure of a disagreement", () => {
  const row = { provider: "xai", model: "grok-3", input: "7", output: "8" };
  const book = catalogue.book([definePrice(row)]);
  const found = catalogue
    .disagreements(Date.now(), book)
    .find(({ model, price }) => model === "grok-3" && price === "input");
  assert.deepEqual(found?.stated[0], { source: "api", version: "1", usd: "7" });
});

test("the first figure of a disputed standard rate is in the row of the book", () => {
  const book = catalogue.book([]);
  let compared = 0;
  const at = Date.parse("2026-11-30T12:00:00Z");
  for (const { provider, model, price, stated } of catalogue.disagreements(at)) {
    const row = book.sheet({ provider, model, at })?.row;
    const text: Readonly<Record<string, unknown>> = row ? { ...formatRow(row) } : {};
    if (text[price] === undefined) continue;
    assert.equal(stated[0]?.usd, text[price], `${provider}/${model} ${price}`);
    compared++;
  }
  assert.ok(compared > 100, `${compared}`);
});

test("a price of the user's own has the provider's tool fees unless it states them, and inherits nothing else", () => {
  const own = { provider: "openai", model: "gpt-5.6", input: "1", output: "2" };
  const ratesOf = (input: object): readonly unknown[] => {
    const sheet = catalogue.book([definePrice(input)]).sheet({ ...own, at: sunday });
    const usage = { cache_read: 1, web_search: 1, file_search: 1 };
    const lines = sheet?.charge(
      { model: own.model, usage },
      { serviceTier: "standard", at: sunday },
    );
    return (lines ?? []).map(({ meter, rate }) => [meter, rate?.perUnit, rate?.source]);
  };
  assert.deepEqual(ratesOf(own), [
    ["cache_read", 1_000_000n, "api"],
    ["web_search", 10_000_000_000n, "overlay"],
    ["file_search", 2_500_000_000n, "overlay"],
  ]);
  assert.deepEqual(ratesOf({ ...own, web_search: "0" })[1], ["web_search", 0n, "api"]);
});

test("no discount makes tokens dearer that it has no price of", () => {
  const meters = [...tokenMeters].filter((meter) => !meter.startsWith("output"));
  const at = sunday;
  for (const row of catalogue.rows()) {
    const sheet = makePriceBook({ sources: [() => [row]], version: "1" }).sheet({ ...row, at });
    if (!sheet) continue;
    const costs = (serviceTier: ServiceTier): readonly bigint[] =>
      meters.map((meter) => {
        const [line] = sheet.charge({ model: null, usage: { [meter]: 1 } }, { serviceTier, at });
        return line?.cost ?? 0n;
      });
    const standard = costs("standard");
    for (const tier of ["batch", "flex"] as const)
      costs(tier).forEach((cost, index) => {
        const meter = meters[index] ?? "input";
        const term = row.serviceTiers?.[tier];
        if (term && "rates" in term && term.rates[meter] !== undefined) return;
        const most = standard[index] ?? 0n;
        assert.ok(cost <= most, `${row.provider}/${row.model} ${tier} ${meter}`);
      });
  }
});
