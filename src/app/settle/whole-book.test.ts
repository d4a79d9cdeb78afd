/**
 * Tests the whole built-in book at endpoints billed by tokens and by units: only a model whose price
 * says that it is free is held and billed at zero without being unpriced.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openCatalogue } from "../../catalogue/catalogue.ts";
import { parseUsd, zero } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import { equalsAny } from "../../domain/price/id/id-rule.ts";
import { countsTokens } from "../../domain/price/row/rate.ts";
import type { CatalogueRow, Rates } from "../../domain/price/row/row.ts";
import { statedRates } from "../../domain/price/row/terms.ts";
import { pricesCall } from "../../domain/price/unit-price.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { isOpenMeter, openMeter } from "../../domain/usage/open-meter.ts";
import type { Usage } from "../../domain/usage/usage.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { RequestedUnit } from "../../wire/wire.ts";
import { demandFor } from "../desk/hold.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { priceAnswer } from "./price-answer.ts";

const at = Date.UTC(2026, 10, 23, 12);
const wire = openaiWire();

const endpoints: readonly { readonly path: string; readonly usages: readonly Usage[] }[] = [
  {
    path: "/chat/completions",
    usages: [
      { input: 10, output: 5 },
      { cache_read: 8, input: 2, output: 5 },
      { input_image: 9, input: 1, output: 5 },
      { input_audio: 9, input: 1, output: 4, output_audio: 3 },
    ],
  },
  { path: "/embeddings", usages: [{ input: 10 }] },
];

/** What calls of other endpoints are billed by, if not by tokens. */
const units: readonly RequestedUnit[] = (
  [
    ["images", "output_image"],
    ["video_seconds", null],
    ["characters", "output_audio"],
    ["audio_seconds", "output"],
    ["search_units", "output"],
    ["pages", null],
  ] as const
).map(([name, output]) => {
  const family = openMeter(name);
  return { meters: [family], family, count: 3, isExact: true, output };
});

type Kind = "tokens" | "units" | "tokens and units" | "other tokens" | "requests" | "free";

/** What a row has prices for, tools aside: they may cost something at free models too. */
function kindOf(row: CatalogueRow): Kind {
  const priced = statedRates(row).flatMap((rates) =>
    Object.entries(rates).flatMap(([meter, perUnit]) => (perUnit === zero ? [] : [meter])),
  );
  const hasUnits = priced.some((meter) => isOpenMeter(meter) && !meter.startsWith("tool:"));
  const hasText = priced.includes("input") || priced.includes("output");
  if (hasText) return hasUnits ? "tokens and units" : "tokens";
  if (hasUnits) return "units";
  if (priced.some(countsTokens)) return "other tokens";
  return priced.includes("request") ? "requests" : "free";
}

/** The list has no such row, since its readers skip a price without one of input; a user may. */
const onlyImages: CatalogueRow = {
  provider: "acme",
  model: "draws",
  ids: equalsAny("draws"),
  rates: { input: zero, output: zero, output_image: parseUsd("0.0000016") },
  cacheWrites: "asked",
  source: "configuration",
  version: "configuration",
};

const rows = Map.groupBy([...(await openCatalogue()).rows(), onlyImages], kindOf);
const least: Readonly<Record<Kind, number>> = {
  tokens: 4000,
  units: 400,
  "tokens and units": 10,
  "other tokens": 1,
  requests: 15,
  free: 100,
};

for (const [kind, count] of Object.entries(least) as [Kind, number][])
  test(`calls of models with prices of ${kind === "free" ? "zero are" : `${kind} are not`} free`, () => {
    const found = rows.get(kind) ?? [];
    assert.ok(found.length >= count, `${found.length} rows`);
    for (const row of found) checkRow(row, kind);
  });

function checkRow(row: CatalogueRow, kind: Kind): void {
  const where = `${row.provider}/${row.model}`;
  const time = row.validFrom ?? (row.validTo === undefined ? at : row.validTo - 1);
  const prices = bookOf(row);
  for (const { path, usages } of endpoints)
    for (const usage of usages) {
      const { cost, flags } = bill(prices, { row, path, usage, time });
      const isUnpriced = flags.includes("unpriced");
      const called = `${where} at ${path} for ${JSON.stringify(usage)}`;
      if (kind === "free") assert.deepEqual([cost, isUnpriced], [zero, false], called);
      else assert.ok(cost > zero || isUnpriced, `${called} is free`);
      if (kind === "units") assert.ok(isUnpriced, `${called} is not unpriced`);
    }
  for (const unit of units) {
    const sheet = prices.sheet({ provider: "p", model: row.model, at: time });
    if (!sheet || !pricesCall(sheet, unit, { serviceTier: "standard", at: time })) continue;
    // The call is metered only if it has a price.
    const { cost, flags } = bill(prices, { row, path: "/images/generations", time, unit });
    const called = `${where} by ${unit.family}`;
    if (kind === "free") assert.equal(cost, zero, called);
    else assert.ok(cost > zero || flags.includes("unpriced"), `${called} is free`);
  }
  const { perOutputToken, fixed } = held(prices, row, time);
  const isNothing = perOutputToken !== null && perOutputToken + fixed.usd === zero;
  assert.equal(isNothing, kind === "free", `${where} is held at zero`);
}

function bookOf(row: CatalogueRow): PriceBook {
  return makePriceBook({ sources: [() => [row]], version: "1", regionOf: () => null });
}

function held(prices: PriceBook, row: CatalogueRow, time: number): ReturnType<typeof demandFor> {
  return demandFor(
    { prices: () => prices, reportsBilledCost: () => false },
    {
      provider: "p",
      model: row.model,
      sizing: {
        kind: "estimate",
        inputTokens: 10,
        maxOutputTokens: 5,
        cacheWrite: "none",
        serviceTier: "standard",
        webSearches: 0,
      },
    },
    time,
  );
}

interface Answered {
  readonly row: Pick<CatalogueRow, "model">;
  readonly path: string;
  /** As reported; absent if the answer reports none. */
  readonly usage?: Usage;
  readonly time: number;
  readonly unit?: RequestedUnit;
}

function bill(prices: PriceBook, { row, path, usage, time, unit }: Answered) {
  const outcome = priceAnswer(
    prices,
    {
      route: {
        provider: aProvider(),
        wire,
        endpoint: wire.endpoint("POST", path),
        url: "http://p",
        model: row.model,
        title: row.model,
      },
      facts: { ...plainFacts, stream: false, maxOutputTokens: 100, ...(unit && { unit }) },
      estimate: {
        inputTokens: 100,
        ceiling: 100,
        firstSlice: 100,
        least: 100,
        unknownInput: 0,
        rates: null,
        fees: zero,
      },
      ceiling: { sent: 100 },
      heldAt: time,
      fallback: null,
    },
    {
      reading: {
        model: null,
        parts: usage ? [{ model: null, usage }] : [],
        reportedCost: null,
        serviceTier: "standard",
        rawUsage: null,
        flags: [],
        passedBytes: 20,
      },
      progress: { inputTokens: null, outputTokens: 0 },
      latencyMs: 1,
      flags: [],
    },
  );
  return { cost: outcome.cost.usd, flags: outcome.flags };
}

const images = openMeter("images");
const some = parseUsd("5");
const statements: readonly { name: string; rates: Rates; isFree: boolean }[] = [
  {
    name: "zero for tokens and images",
    rates: { input: zero, output: zero, [images]: zero },
    isFree: true,
  },
  { name: "zero for input only", rates: { input: zero, output: some }, isFree: true },
  { name: "images and zero for tokens", rates: { input: zero, [images]: some }, isFree: false },
];

for (const { name, rates, isFree } of statements)
  test(`with a stated price of ${name}, input is ${isFree ? "free" : "unpriced"}`, () => {
    const [free] = rows.get("free") ?? [];
    assert.ok(free);
    const row = { ...free, supplements: [], rates };
    const asked = { row, path: "/embeddings", usage: { input: 10 }, time: at };
    assert.equal(bill(bookOf(row), asked).flags.includes("unpriced"), !isFree);
  });
