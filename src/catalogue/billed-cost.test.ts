/** Providers whose reported cost is the amount billed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();

test("only xAI and OpenRouter document the cost in their answers as the amount billed, under any of their names", () => {
  for (const name of ["x-ai", "xai", "grok", "openrouter"])
    assert.ok(catalogue.reportsBilledCost(name), name);
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
    assert.ok(!catalogue.reportsBilledCost(name), name);
  }
  const elsewhere = catalogue.identify({
    name: "router",
    baseUrl: "https://openrouter.ai/api/v1",
    priceProvider: null,
  });
  assert.ok(catalogue.reportsBilledCost(elsewhere.id));
});
