/** Tests that no format makes the input of a model free whose output has a price. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readPublished } from "./source.ts";

const at = Date.parse("2026-11-28T00:00:00Z");
const skippedFor = (text: string): readonly string[] => {
  const { rows, skipped } = readPublished(text, { at });
  return rows.length > 0 ? [] : skipped.map(({ why }) => why);
};
const genai = (model: string): string =>
  `[{"id":"acme","api_pattern":"x","models":[{"id":"m","match":{"equals":"m"},${model}}]}]`;
const genaiPrices = (prices: string): string => genai(`"prices":{${prices}}`);
const modelsDev = (cost: string): string => `{"acme":{"models":{"m":{"cost":{${cost}}}}}}`;
const openrouter = (pricing: string): string => `{"data":[{"id":"a/m","pricing":{${pricing}}}]}`;
const litellm = (prices: string): string => `{"m":{"litellm_provider":"acme",${prices}}}`;

test("a model with a price for output and none for input is skipped, in every format", () => {
  const tier = `"tier":{"type":"context","size":200000}`;
  const batch = `"when":{"processing":"batch"},"prices":{"input_mtok":0,"output_mtok":2}`;
  for (const text of [
    genaiPrices(`"input_mtok":0,"output_mtok":5`),
    genaiPrices(`"output_mtok":5`),
    genaiPrices(`"output_audio_mtok":5`),
    genaiPrices(`"output_audio_mtok":5,"cache_read_mtok":1`),
    genaiPrices(`"output_audio_mtok":5,"output_audio_hours":1`),
    genaiPrices(`"input_mtok":{"base":1,"tiers":[{"start":200000,"price":0}]},"output_mtok":5`),
    genai(`"prices":{"input_mtok":1,"output_mtok":5},"price_variants":[{${batch}}]`),
    genai(`"prices":[{"prices":{"input_mtok":1,"output_mtok":5}},
      {"constraint":{"start_time":"00:30:00Z","end_time":"08:00:00Z"},"prices":{"input_mtok":0}}]`),
    modelsDev(`"input":0,"output":5`),
    modelsDev(`"input":1,"output":5,"tiers":[{"input":0,"output":9,${tier}}]`),
    openrouter(`"prompt":"0","completion":"0.000005"`),
    openrouter(`"prompt":"0","completion":"0.000005","audio":"0.000001"`),
    litellm(`"input_cost_per_token":0,"output_cost_per_token":2e-06`),
    litellm(
      `"input_cost_per_token":1e-06,"output_cost_per_token":2e-06,"input_cost_per_token_flex":0`,
    ),
  ])
    assert.deepEqual(skippedFor(text), ["has no price for input"], text);
});

test("a free model is listed, and one whose input is charged by the call or by a unit", () => {
  for (const text of [
    genaiPrices(`"input_mtok":0,"output_mtok":0`),
    genaiPrices(`"input_mtok":0,"output_mtok":5,"requests_kcount":5`),
    genaiPrices(`"input_audio_mtok":3,"output_audio_mtok":5`),
    genaiPrices(`"input_mchars":15,"output_audio_mtok":5`),
    openrouter(`"prompt":"0","completion":"0"`),
    openrouter(`"prompt":"0","completion":"0.000005","request":"0.01"`),
    litellm(`"input_cost_per_request":0.005,"output_cost_per_token":2e-06`),
  ])
    assert.deepEqual(skippedFor(text), [], text);
});
