/** Who a configured provider is: its vendor, and what follows from that. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const unconfigured = catalogue.identities([]);

test("only xAI and OpenRouter document the cost in their answers as the amount billed, under any of their names", () => {
  for (const name of ["x-ai", "xai", "grok", "openrouter"])
    assert.ok(unconfigured.of(name).reportsBilledCost, name);
  for (const name of [
    "openai",
    "azure",
    "anthropic",
    "deepseek",
    "perplexity",
    "groq",
    "sim",
    "my-server",
  ]) {
    assert.ok(!unconfigured.of(name).reportsBilledCost, name);
  }
  const elsewhere = catalogue.identify({
    name: "router",
    baseUrl: "https://openrouter.ai/api/v1",
    priceProvider: null,
  });
  assert.ok(elsewhere.reportsBilledCost);
});

test("a provider counts with the tokenizer of its vendor, found by prices, host or name", () => {
  const at = (name: string, baseUrl: string, priceProvider: string | null = null) =>
    catalogue.identify({ name, baseUrl, priceProvider }).tokenizer;
  const local = "http://127.0.0.1:9/v1";
  assert.equal(at("mine", "https://api.openai.com/v1"), "openai");
  assert.equal(at("mine", "https://eu.api.openai.com/v1"), "openai");
  assert.equal(at("mine", local, "azure"), "openai");
  assert.equal(at("gemini", local), "google");
  assert.equal(at("mine", "https://api.anthropic.com"), "anthropic");
  assert.equal(at("openai", "https://api.deepseek.com/v1"), "other", "a name is arbitrary");
  assert.equal(at("mine", local), "other");
});

test("a configured provider has one identity wherever its name is used", () => {
  const identities = catalogue.identities([
    { name: "openai", baseUrl: "https://us.api.x.ai/v1", priceProvider: null },
    { name: "mine", baseUrl: "http://127.0.0.1:9/v1", priceProvider: "xai" },
  ]);
  const { id, region, tokenizer, reportsBilledCost } = identities.of("openai");
  assert.deepEqual([id, region, tokenizer, reportsBilledCost], ["x-ai", "us", "other", true]);
  assert.equal(identities.byName.get("openai"), identities.of("openai"));
  assert.equal(identities.of("mine").id, "x-ai", "prices take any name of the vendor");
  assert.equal(identities.of("gemini").id, "google", "not configured");
});

test("only OpenRouter is a reseller, and its key is checked at its own path, by host", () => {
  for (const [baseUrl, isReseller, path] of [
    ["https://openrouter.ai/api/v1", true, "/key"],
    ["https://eu.openrouter.ai/api/v1", true, "/key"],
    ["https://api.openai.com/v1", false, null],
    ["https://notopenrouter.ai/api/v1", false, null],
  ] as const) {
    const found = catalogue.identify({ name: "mine", baseUrl, priceProvider: null });
    assert.deepEqual([found.isReseller, found.keyCheckPath], [isReseller, path], baseUrl);
  }
  const named = catalogue.identify({
    name: "openrouter",
    baseUrl: "http://127.0.0.1:9/v1",
    priceProvider: null,
  });
  assert.deepEqual([named.isReseller, named.keyCheckPath], [true, null]);
});
