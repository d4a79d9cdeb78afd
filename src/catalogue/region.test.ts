/** Prices of regional hosts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsd, pico } from "../domain/money/money.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const sunday = Date.parse("2026-11-22T12:00:00Z");

interface Served {
  readonly baseUrl?: string;
  readonly region?: string;
  readonly usage?: Usage;
  readonly serviceTier?: ServiceTier;
}

/**
 * What tokens cost at a provider with a host or a region of its own; and whether the region has a
 * price.
 */
function regional(name: string, served: Served): readonly [usd: string, isPriced: boolean] {
  const [id = "", ...rest] = name.split("/");
  const model = rest.join("/");
  const baseUrl = served.baseUrl ?? "";
  const provider = catalogue.identify({ name: id, baseUrl, priceProvider: null });
  const sheet = catalogue
    .book([], new Map([["mine", provider]]))
    .sheet({ provider: "mine", model, at: sunday });
  const terms = { serviceTier: served.serviceTier ?? "standard", region: served.region } as const;
  const lines =
    sheet?.charge(
      { model: null, usage: served.usage ?? { input: 1_000_000 } },
      { ...terms, at: sunday },
    ) ?? assert.fail(name);
  return [
    formatUsd(pico(lines.reduce((sum, line) => sum + line.cost, 0n))),
    sheet?.prices(terms) ?? false,
  ];
}

test("Claude 4.6 and later cost 10 % more if inference stays in the US, including caches and output", () => {
  assert.deepEqual(
    regional("anthropic/claude-sonnet-4-6", { region: "us", usage: { input: 13, output: 12 } }),
    ["0.0002409", true],
  );
  const all: Usage = {
    cache_read: 1_000_000,
    cache_write_5m: 1_000_000,
    cache_write_1h: 1_000_000,
  };
  assert.deepEqual(regional("anthropic/claude-opus-4-8", { region: "us", usage: all }), [
    "18.425",
    true,
  ]);
  assert.deepEqual(regional("anthropic/claude-opus-4-8", { region: "global", usage: all }), [
    "16.75",
    true,
  ]);
  for (const model of [
    "claude-opus-4-6",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-haiku-5-5",
    "claude-opus-5-5",
  ]) {
    assert.equal(regional(`anthropic/${model}`, { region: "us" })[1], true, model);
  }
  assert.deepEqual(
    regional("anthropic/claude-sonnet-4-5", { region: "us", usage: { input: 1_000 } }),
    ["0.003", false],
  );
  assert.deepEqual(
    regional("anthropic/claude-opus-4-8", { region: "eu" }),
    ["5.5", false],
    "an unknown region has the highest price",
  );
  assert.deepEqual(
    regional("anthropic/claude-opus-4-8", { region: "us", usage: { web_search: 1 } }),
    ["0.01", true],
  );
  assert.deepEqual(regional("anthropic/claude-opus-4-8", { region: "us", serviceTier: "fast" }), [
    "11",
    true,
  ]);
});

test("OpenAI's regional hosts are OpenAI, and cost 10 % more for models since March 2026", () => {
  const eu = "https://eu.api.openai.com/v1";
  assert.deepEqual(
    regional("mine/gpt-5.5", { baseUrl: eu, usage: { input: 100_000, output: 1_000 } }),
    ["0.583", true],
  );
  assert.deepEqual(
    regional("mine/gpt-5.5", {
      baseUrl: "https://us.api.openai.com/v1",
      usage: { input: 100_000, output: 1_000 },
    }),
    ["0.583", true],
  );
  for (const [model, usd] of [
    ["gpt-5.4-mini", "0.825"],
    ["gpt-6-sol", "4.4"],
    ["gpt-6.1-terra", "2.2"],
    ["gpt-5.2", "1.75"],
    ["gpt-4o", "2.5"],
    ["gpt-5-mini", "0.25"],
    ["o3", "2"],
  ] as const) {
    assert.deepEqual(regional(`mine/${model}`, { baseUrl: eu }), [usd, true], model);
  }
  assert.deepEqual(
    regional("mine/gpt-5.5", { baseUrl: "https://api.openai.com/v1" }),
    ["10", true],
    "272,000 tokens and more",
  );
  assert.deepEqual(
    regional("mine/gpt-5.5", { baseUrl: "https://zz.api.openai.com/v1", usage: { input: 1_000 } }),
    ["0.0055", false],
  );
});

test("regional hosts of other providers have their known price, and are flagged without one", () => {
  const thousand = { usage: { input: 1_000 } };
  assert.deepEqual(regional("mine/grok-4.6", { baseUrl: "https://us.api.x.ai/v1", ...thousand }), [
    "0.0022",
    true,
  ]);
  assert.deepEqual(
    regional("mine/grok-4.6", { baseUrl: "https://eu-west-1.api.x.ai/v1", ...thousand }),
    ["0.0022", false],
  );
  assert.equal(
    regional("mine/mistral-small-latest", {
      baseUrl: "https://api.eu.mistral.ai/v1",
      ...thousand,
    })[1],
    false,
  );
  assert.equal(
    regional("mine/openai/gpt-4o", { baseUrl: "https://eu.openrouter.ai/api/v1", ...thousand })[1],
    false,
  );
  const vertex = { baseUrl: "https://us-east5-aiplatform.googleapis.com", ...thousand };
  assert.deepEqual(regional("mine/claude-sonnet-4-5", vertex), ["0.0033", true]);
  assert.deepEqual(
    regional("mine/claude-sonnet-4-5", {
      baseUrl: "https://aiplatform.googleapis.com",
      ...thousand,
    }),
    ["0.003", true],
  );
  const european = { baseUrl: "https://aiplatform.eu.rep.googleapis.com", ...thousand };
  assert.deepEqual(regional("mine/gemini-3.5-flash", european), ["0.00165", true]);
  assert.equal(regional("mine/gemini-2.5-flash", european)[1], false);
});

test("a reseller's region is not its vendor's", () => {
  const azure = catalogue.book([], new Map([["mine", { id: "azure", region: "eu" }]]));
  const isPriced = (model: string): boolean | undefined =>
    azure.sheet({ provider: "mine", model, at: sunday })?.prices({ serviceTier: "standard" });
  assert.equal(isPriced("gpt-5.5"), true, "Azure's own price in its data zone");
  assert.equal(isPriced("gpt-4.5-preview"), false, "OpenAI's price for Europe");
});
