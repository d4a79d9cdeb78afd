/** What an update of the built-in prices from the lists that they were made of changes: nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { compareWithBook, type ListDifferences } from "../../src/app/manage/compare-list.ts";
import { openCatalogue, type Updates } from "../../src/catalogue/catalogue.ts";
import { priceLists } from "../../src/catalogue/source/lists.ts";
import { beginningAt, rowOfText } from "../../src/domain/price/update/price-update.ts";

const catalogue = await openCatalogue();
const at = Date.parse("2026-11-30T12:00:00Z");

/** Input and output, in USD per million tokens, as LiteLLM 1.110.2 has them. */
const bedrock: Readonly<Record<string, readonly [number, number]>> = {
  "anthropic.claude-opus-4-7": [5, 25],
  "global.anthropic.claude-opus-4-7": [5, 25],
  "us.anthropic.claude-opus-4-7": [5.5, 27.5],
  "eu.anthropic.claude-opus-4-7": [5.5, 27.5],
  "anthropic.claude-sonnet-4-6": [3, 15],
  "global.anthropic.claude-sonnet-4-6": [3, 15],
  "eu.anthropic.claude-sonnet-4-6": [3.3, 16.5],
  "apac.anthropic.claude-sonnet-4-6": [3.3, 16.5],
  // Without its `global.` id.
  "anthropic.claude-haiku-4-5-20251001-v1:0": [1, 5],
  "us.anthropic.claude-haiku-4-5-20251001-v1:0": [1.1, 5.5],
};

function tokens(input: number, output: number): object {
  return { input_cost_per_token: input / 1e6, output_cost_per_token: output / 1e6 };
}

function chat(provider: string, prices: object): object {
  return { litellm_provider: provider, mode: "chat", ...prices };
}

function search(usd: number): object {
  return { search_context_cost_per_query: { search_context_size_medium: usd } };
}

const bedrockEntries = Object.fromEntries(
  Object.entries(bedrock).map(([id, prices]) => [id, chat("bedrock_converse", tokens(...prices))]),
);

const offPeak = {
  ...tokens(0.15, 0.6),
  cache_read_input_token_cost: 3e-9,
  windows: [
    { hours_utc: ["00:00-01:00", "04:00-06:00", "10:00-00:00"], weekdays: [1, 2, 3, 4, 5] },
    { hours_utc: "00:00-00:00", weekdays: [6, 7] },
  ],
};

async function check(entries: object, updates?: Updates): Promise<ListDifferences> {
  const list = await priceLists.read(JSON.stringify(entries), at);
  return compareWithBook(list, {
    book: catalogue.book([], undefined, updates && { updates }),
    models: catalogue.models(updates?.rows),
    firstHand: catalogue.firstHand,
    at,
  });
}

/** What a second check reports after the update that a list makes. */
async function checkAgain(entries: object): Promise<ListDifferences> {
  const { texts } = await check(entries);
  const from = { source: "litellm", version: "2" };
  const rows = texts.flatMap((text) => beginningAt(text, at)).map((text) => rowOfText(text, from));
  return check(entries, { rows, version: "update@1" });
}

function changed({ changes }: ListDifferences): readonly string[] {
  return changes.map(({ provider, model, kind }) => `${kind} ${provider}/${model}`);
}

test("a list with the global price of Claude for Bedrock's regional ids changes nothing", async () => {
  const found = await check(bedrockEntries);
  assert.deepEqual(changed(found), []);
  assert.deepEqual(found.texts, []);
  assert.equal(found.unchanged, Object.keys(bedrock).length);
});

test("after an update, every listed id has the price of the list", async () => {
  const dearer = { "anthropic.claude-opus-4-7": chat("bedrock_converse", tokens(6, 30)) };
  const cheaper = { "anthropic.claude-opus-4-7": chat("bedrock_converse", tokens(4, 20)) };
  for (const entry of [dearer, cheaper]) {
    const entries = { ...bedrockEntries, ...entry };
    const first = await check(entries);
    assert.deepEqual(
      first.changes.map(({ model }) => model),
      ["anthropic.claude-opus-4-7"],
    );
    assert.deepEqual(changed(await checkAgain(entries)), []);
  }
});

test("hours off the peak are the book's hours of the peak, turned around", async () => {
  const peak = { ...tokens(0.3, 1.2), cache_read_input_token_cost: 6e-9 };
  const entry = chat("deepseek", { ...peak, off_peak_pricing: offPeak });
  assert.deepEqual(changed(await check({ "deepseek/deepseek-v4-flash": entry })), []);
  const longer = { ...offPeak, windows: [{ hours_utc: "10:00-01:00" }] };
  const other = chat("deepseek", { ...peak, off_peak_pricing: longer });
  assert.deepEqual(changed(await check({ "deepseek/deepseek-v4-flash": other })), [
    "dearer deepseek/deepseek-v4-flash",
  ]);
});

test("a model that its vendor has retired is skipped with the reason, at each check", async () => {
  const names = ["deepseek-chat", "deepseek-reasoner"];
  const entries = Object.fromEntries(
    names.map((name) => [`deepseek/${name}`, chat("deepseek", tokens(0.28, 0.42))]),
  );
  for (const found of [await check(entries), await checkAgain(entries)]) {
    assert.deepEqual(changed(found), []);
    assert.deepEqual(
      found.skipped.map(({ model, why }) => `${model} ${why}`),
      names.map((name) => `${name} is not served since 2026-07-24`),
    );
  }
});

test("a fee that is known to be wrong in a list is not taken from it", async () => {
  const found = await check({
    "gpt-4.1": chat("openai", { ...tokens(2, 8), ...search(0.025) }),
    "gpt-4.1-mini": chat("openai", { ...tokens(0.4, 1.6), ...search(0.025) }),
    "azure/gpt-6-sol": chat("azure", { ...tokens(6, 36), ...search(0.01) }),
    "bedrock_mantle/openai.gpt-5.5": chat("bedrock_mantle", {
      ...tokens(5.5, 33),
      ...search(0.012),
    }),
  });
  const fees = found.changes.flatMap(({ rates }) =>
    rates.filter(({ meter }) => meter === "web_search"),
  );
  assert.deepEqual(fees, []);
});

test("where nothing decides between lists, an update does not lower the dearer price", async () => {
  const embedding = { litellm_provider: "azure", mode: "embedding" };
  const entry = (usd: number): object => ({
    "azure/text-embedding-3-large": { ...embedding, input_cost_per_token: usd / 1e6 },
  });
  assert.deepEqual(changed(await check(entry(0.13))), []);
  assert.deepEqual(changed(await check(entry(0.2))), ["dearer azure/text-embedding-3-large"]);
});

test("a price that another list has right is skipped with the reason", async () => {
  const provider = {
    id: "fireworks",
    api_pattern: "https://api\\.fireworks\\.ai",
    models: [
      {
        id: "accounts/fireworks/models/gemma-3-27b-it",
        match: { equals: "accounts/fireworks/models/gemma-3-27b-it" },
        prices: { input_mtok: 0.1, output_mtok: 0.1 },
      },
    ],
  };
  const { changes, skipped } = await check([provider]);
  assert.deepEqual(changes, []);
  assert.match(
    skipped[0]?.why ?? "",
    /^has another price in litellm, which is right: models of more/,
  );
});
