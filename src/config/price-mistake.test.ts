/** Every mistake in a price of the configuration is reported at once, with what was meant. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../domain/error.ts";
import { loadConfiguration } from "./load.ts";

function load(price: string) {
  const text = `prices:\n  - { provider: openai, model: m, output: "1", ${price} }\n`;
  return loadConfiguration(text, { environment: {}, file: "purser.yaml" });
}

function faultsIn(price: string): readonly (readonly [string, string])[] {
  try {
    load(price);
  } catch (error) {
    assert.ok(error instanceof PurserError);
    return (error.detail.faults ?? []).map(({ field = "", remedy = "" }) => [
      field.replace("prices[0].", ""),
      remedy,
    ]);
  }
  return [];
}

test("all misspelt units of a price are reported, wherever they are", () => {
  assert.deepEqual(
    faultsIn('input: "1", meters: { imges: "1", audio_second: "2", pages: "3", page: "4" }'),
    [
      ["meters.imges", "Did you mean images?"],
      ["meters.audio_second", "Did you mean audio_seconds?"],
      ["meters.page", "Did you mean pages?"],
    ],
  );
  const inTier = 'input: "1", service_tiers: { batch: { meters: { imges: "1", page: "4" } } }';
  assert.deepEqual(
    faultsIn(inTier).map(([field]) => field),
    ["service_tiers.batch.meters.imges", "service_tiers.batch.meters.page"],
  );
});

test("names of other price lists suggest those of Purser, and their values are read", () => {
  assert.deepEqual(
    faultsIn(
      'price_per_token: "1", cached_input: "1", context_tiers: [{ over: 200000, input: 2 }]',
    ),
    [
      ["price_per_token", "Did you mean input?"],
      ["cached_input", "Did you mean cache_read?"],
      ["context_tiers[0].over", "Did you mean above?"],
      ["context_tiers[0].input", 'Write it as text, in quotes: "2".'],
    ],
  );
});

test("only a fraction is said to be inexact", () => {
  assert.deepEqual(faultsIn("input: 1"), [["input", 'Write it as text, in quotes: "1".']]);
  assert.match(String(faultsIn("input: 0.15")[0]?.[1]), /"0\.15"\. A float is not exact\./);
});

test("a price that has ended, or whose model repeats its provider, is a warning", () => {
  const fields = (price: string): readonly (string | null)[] =>
    load(price).warnings.map(({ field }) => field);
  assert.deepEqual(fields('input: "1", valid_to: 2026-01-01'), ["prices[0].valid_to"]);
  assert.deepEqual(fields('input: "1", valid_to: 2999-01-01'), []);
  const text = `prices:
  - { provider: openai, model: m, input: "1", output: "1", valid_to: 2026-01-01 }
  - { provider: openai, model: m, input: "2", output: "2", valid_from: 2026-01-01 }
  - { provider: openai, model: openai/gpt-4.1, input: "2", output: "2" }
  - { provider: openrouter, model: openrouter/auto, input: "2", output: "2" }
`;
  const { warnings } = loadConfiguration(text, { environment: {}, file: "purser.yaml" });
  assert.deepEqual(
    warnings.map(({ field, remedy }) => [field, remedy]),
    [["prices[2].model", "Write model: gpt-4.1."]],
  );
});
