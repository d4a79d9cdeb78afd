/** Rows of updates take the place of those that they replace, and of no others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../domain/money/money.ts";
import { pricesInForce } from "../domain/price/in-force.ts";
import { sheetOfServed } from "../domain/price/served.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import { formatPerMillion } from "../domain/price/text/per-million.ts";
import { formatRow, parseRow } from "../domain/price/text/row-text.ts";
import { changeOf, listedModels } from "../domain/price/update/list-change.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { openCatalogue } from "./catalogue.ts";

const catalogue = await openCatalogue();
const at = Date.UTC(2026, 10, 28);
const providers = new Set(["openai", "anthropic", "aws", "deepseek", "google", "x-ai", "groq"]);
const models = catalogue.models().filter(({ provider }) => providers.has(provider));

function update(provider: string, model: string, input: string): CatalogueRow {
  const valid_from = new Date(at).toISOString();
  const text = { provider, model, input, output: "1", valid_from };
  return parseRow(text, { field: "", source: "update" });
}

function inputOf(book: PriceBook, name: string, time = at): bigint | undefined {
  const slash = name.indexOf("/");
  const [provider, model] = [name.slice(0, slash), name.slice(slash + 1)];
  return book.sheet({ provider, model, at: time })?.row.rates.input;
}

test("an update changes which price an id has, but not the model by which it is priced", () => {
  const before = catalogue.book([]);
  const rows = models.flatMap(({ provider, model }) => {
    const row = before.sheet({ provider, model, at })?.row;
    return row?.model === model ? [{ ...row, rates: { input: pico(1n) }, validFrom: at }] : [];
  });
  const stored = rows.map((row) => ({ ...row, ids: { equals: row.model }, source: "update" }));
  const after = catalogue.book([], undefined, { updates: { rows: stored, version: "u" } });
  for (const { provider, model } of models) {
    const [old, now] = [before, after].map((book) => book.sheet({ provider, model, at })?.row);
    if (!old || old.provider !== provider) continue;
    assert.equal(now?.model, old.model, `${provider}/${model}`);
    assert.equal(inputOf(after, `${provider}/${model}`), 1n, `${provider}/${model}`);
    const earlier = inputOf(after, `${provider}/${model}`, at - 1);
    assert.equal(
      earlier,
      inputOf(before, `${provider}/${model}`, at - 1),
      `${provider}/${model} before`,
    );
  }
});

test("an updated model keeps its snapshots and other ids, and a new one has snapshots", () => {
  const rows = [update("openai", "gpt-5", "3"), update("openai", "gpt-99", "4")];
  const book = catalogue.book([], undefined, { updates: { rows, version: "u" } });
  assert.equal(inputOf(book, "openai/gpt-5-2025-08-07"), 3_000_000n);
  assert.equal(inputOf(book, "openai/gpt-99-2026-11-20"), 4_000_000n);
  assert.equal(inputOf(book, "openai/gpt-99-mini"), undefined);
  assert.notEqual(inputOf(book, "openai/gpt-5-mini"), 3_000_000n);
  const added = catalogue.models(rows).filter(({ source }) => source === "update");
  assert.deepEqual(new Set(added.map(({ model }) => model)), new Set(["gpt-5", "gpt-99"]));
});

test("a new model has the tool fees, cache prices and tiers of its vendor, unless it states them", () => {
  const rows = [
    update("openai", "gpt-99", "4"),
    update("anthropic", "claude-opus-9", "4"),
    {
      ...update("openai", "gpt-98", "4"),
      rates: { input: pico(1n), web_search: pico(10n ** 12n) },
    },
  ];
  const book = catalogue.book([], undefined, { updates: { rows, version: "u" } });
  const cost = (name: string, usage: Usage, serviceTier: ServiceTier = "standard"): bigint => {
    const [provider = "", model = ""] = name.split("/");
    const sheet = book.sheet({ provider, model, at });
    const lines = sheet?.charge({ model: null, usage }, { serviceTier, at }) ?? [];
    return lines.reduce((sum, line) => sum + line.cost, 0n);
  };
  assert.equal(cost("openai/gpt-99", { web_search: 1 }), 10n ** 10n);
  assert.equal(cost("openai/gpt-98", { web_search: 1 }), 10n ** 12n);
  assert.equal(cost("anthropic/claude-opus-9", { web_search: 1 }), 10n ** 10n);
  assert.equal(cost("anthropic/claude-opus-9", { cache_write_5m: 4 }), 20_000_000n);
  assert.equal(cost("anthropic/claude-opus-9", { input: 2 }, "batch"), 4_000_000n);
});

test("an export has the other ids of an updated model, which is still found as one model", () => {
  const textOf = (rows: readonly CatalogueRow[]) => {
    const book = catalogue.book([], undefined, { updates: { rows, version: "u" } });
    const contents = { book, models: catalogue.models(rows), overrides: [] };
    const found = pricesInForce(contents, at).find(
      ({ row }) => row.provider === "openai" && row.model === "gpt-5",
    );
    return { book, text: found?.text };
  };
  const { aliases = [] } = textOf([]).text ?? {};
  const { book, text } = textOf([update("openai", "gpt-5", "3")]);
  assert.ok(aliases.length > 0);
  assert.equal(text?.input, "3");
  assert.deepEqual(text.aliases, aliases);
  const model = "gpt-5";
  const sheet = book.sheet({ provider: "openai", model, at });
  const served = sheetOfServed(book, { provider: "openai", model, at, sheet }, "gpt-5-2025-08-07");
  assert.equal(served?.match, "exact");
});

test("an update without dates keeps the changes of prices that the book knows in advance", () => {
  const changing = catalogue.models().flatMap(({ provider, model }) => {
    const sheet = catalogue.book([]).sheet({ provider, model, at });
    const end = sheet?.row.model === model ? sheet.rowUntil() : Infinity;
    return sheet && end < Infinity ? [{ provider, model, sheet, end }] : [];
  });
  assert.ok(changing.some(({ model, end }) => model === "gemini-4-argon" && end > at));
  for (const { provider, model, sheet, end } of changing) {
    const { input, output = pico(0n) } = sheet.row.rates;
    assert.ok(input !== undefined);
    const text = {
      provider,
      model,
      input: formatPerMillion(input),
      cache_read: "0.000777",
      output: formatPerMillion(output),
    };
    const listed = parseRow(text, { field: "", source: "litellm", version: "1" });
    const list = { source: "litellm", version: "1", rows: [listed], skipped: [] };
    const [first] = listedModels(list, at);
    assert.ok(first);
    const found = changeOf(first, { book: catalogue.book([]), at });
    assert.equal(found?.knownChange, end, model);
    const stored = found.rows.map((row) => parseRow(formatRow(row), { field: "", source: "u" }));
    const after = catalogue.book([], undefined, { updates: { rows: stored, version: "u" } });
    const rowOf = (book: PriceBook, time: number) => book.sheet({ provider, model, at: time })?.row;
    assert.equal(rowOf(after, at)?.rates.cache_read, 777n, model);
    for (const time of [end, end + 40 * 86_400_000])
      assert.deepEqual(rowOf(after, time), rowOf(catalogue.book([]), time), model);
    // A later update without dates does not erase it either.
    const again = { ...listed, rates: { ...listed.rates, cache_read: pico(888n) } };
    const [second] = listedModels({ ...list, rows: [again] }, at + 1000);
    assert.equal(second && changeOf(second, { book: after, at: at + 1000 })?.knownChange, end);
  }
});

test("an update keeps every fee that a call may cost, also one that a reseller may charge", () => {
  const before = catalogue.book([]);
  const priced = catalogue
    .models()
    .filter(({ provider }) => provider === "openrouter" || providers.has(provider))
    .flatMap((named) => {
      const sheet = before.sheet({ ...named, at });
      return sheet && sheet.row.provider === named.provider ? [{ ...named, sheet }] : [];
    });
  const rows = priced.map(({ sheet: { row } }) => {
    const input = pico((row.rates.input ?? 0n) * 2n);
    const { validFrom: _, validTo: __, ...open } = row;
    return parseRow(formatRow({ ...open, rates: { ...row.rates, input }, validFrom: at }), {
      field: "",
      source: "update",
    });
  });
  const after = catalogue.book([], undefined, { updates: { rows, version: "u" } });
  const query = { inputTokens: 1000, cacheWrite: "none", serviceTier: "standard" } as const;
  for (const { provider, model, sheet } of priced) {
    const now = after.sheet({ provider, model, at });
    const [old, held] = [sheet.dearest(query).webSearch, now?.dearest(query).webSearch ?? 0n];
    assert.ok(held >= old, `${provider}/${model}: ${held} instead of ${old}`);
  }
  const rowOf = (book: PriceBook) =>
    book.sheet({ provider: "openrouter", model: "anthropic/claude-haiku-4.5", at });
  assert.equal(rowOf(after)?.dearest(query).webSearch, 20_000_000_000n);
});

test("of two updates the newer one counts, until it ends", () => {
  const older = update("openai", "gpt-5", "3");
  const newer = { ...update("openai", "gpt-5", "5"), validTo: at + 1000 };
  const book = catalogue.book([], undefined, { updates: { rows: [newer, older], version: "u" } });
  assert.equal(inputOf(book, "openai/gpt-5"), 5_000_000n);
  assert.equal(inputOf(book, "openai/gpt-5", at + 1000), 3_000_000n);
});
