/**
 * Property: for every built-in model that is billed by a unit, the hold covers the bill at every
 * tier, region and hour that its price states.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf as vendorFacts } from "../../catalogue/identity.ts";
import { openCatalogue } from "../../catalogue/catalogue.ts";
import { Learned } from "../../domain/estimate/learned.ts";
import { add, multiply, type PicoUsd } from "../../domain/money/money.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import {
  countsTokens,
  unpricedSource,
  type PricedMeter,
  type ServiceTier,
} from "../../domain/price/row/rate.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import {
  anywhere,
  possibleRegions,
  pricesUnitsOnly,
  statedRates,
} from "../../domain/price/row/terms.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import { isOpenMeter, openMeter } from "../../domain/usage/open-meter.ts";
import { feeMeters, type FeeMeter, type OpenMeter, type Usage } from "../../domain/usage/usage.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { Reading, RequestFacts } from "../../wire/wire.ts";
import { estimate, type Estimate } from "../hold/estimate.ts";
import { withUnit } from "../hold/unit-estimate.ts";
import type { CallLimits } from "../port/limits.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { priceAnswer } from "./price-answer.ts";

/** The price rows with a rate of a meter, at any hour or under any terms. */
type Rows = (isMeter: (meter: PricedMeter) => boolean) => readonly CatalogueRow[];

/** The terms that a call asks for, and those that its answer reports. */
interface Terms {
  readonly usual: string | null;
  readonly asked: ServiceTier;
  readonly served: ServiceTier;
  readonly region: string | undefined;
  readonly at: number;
}

const all = (await openCatalogue()).rows();
const rowsWith: Rows = (isMeter) =>
  all.filter((row) => statedRates(row).some((rates) => metersOf(rates).some(isMeter)));

const limits = {
  maxOutputTokens: 100,
  imageTokens: 0,
  audioTokens: 0,
  fileTokens: 0,
  serverToolTokens: 0,
  contextTokens: 0,
  streamSliceTokens: 10,
} as CallLimits;
const wire = openaiWire();
const count = 3;

const openUnits = [
  { name: "seconds of audio", family: openMeter("audio_seconds"), least: 90 },
  { name: "seconds of video", family: openMeter("video_seconds"), least: 70 },
  { name: "images", family: openMeter("images"), least: 150 },
  { name: "pages", family: openMeter("pages"), least: 15 },
  { name: "annotated pages", family: openMeter("annotated_pages"), least: 5 },
  { name: "characters", family: openMeter("characters"), least: 30 },
  { name: "searches of a reranker", family: openMeter("search_units"), least: 10 },
] as const;

for (const { name, family, least } of openUnits)
  test(`the hold covers the bill of every built-in model billed by ${name}`, () => {
    const found = rowsWith((meter) => isOf(meter, family));
    assert.ok(found.length >= least, `${found.length} rows have a price`);
    for (const row of found)
      for (const terms of termsOf(row))
        for (const meter of openMetersOf(row).filter((one) => isOf(one, family)))
          // A request that leaves the variant open, and one that names it.
          for (const meters of [[], [meter, family]]) {
            const unit = { meters, family, count, isExact: false, output: null } as const;
            const facts = { ...plainFacts, unit };
            const answered = { meters: [meter, family], family, count };
            compare(row, { terms, facts, reading: { unit: answered } });
          }
  });

for (const { name, meter, least } of [
  { name: "a fee per request", meter: "request", least: 20 },
  ...feeMeters.map((fee) => ({ name: `a fee per ${fee}`, meter: fee, least: 20 })),
] as const)
  test(`the hold covers the bill of every built-in model with ${name}`, () => {
    const found = rowsWith((one) => one === meter).filter((row) => !pricesUnitsOnly(row));
    assert.ok(found.length >= least, `${found.length} rows have a price`);
    for (const row of distinctFees(found))
      for (const terms of termsOf(row))
        for (const named of [undefined, meter === "request" ? [] : [meter]]) {
          const calls = meter === "request" ? 1 : count;
          const facts = feeFacts(meter === "request" ? 0 : calls, named);
          const usage: Usage = { input: 10, [meter]: calls };
          compare(row, { terms, facts, reading: { parts: [{ model: null, usage }] } });
        }
  });

test("a built-in model with prices of units only has no price in tokens", () => {
  const found = rowsWith((meter) => isOpenMeter(meter) && !meter.startsWith("tool:")).filter(
    (row) => pricesUnitsOnly(row),
  );
  assert.ok(found.length >= 100, `${found.length} rows have a price`);
  for (const row of found) {
    const [at = 0] = hoursOf(row);
    const sheet = bookOf(row, null).sheet({ provider: "p", model: row.model, at });
    const lines = sheet?.charge(
      { model: null, usage: { input: 10, cache_read: 5, output: 7 } },
      { serviceTier: "standard", at },
    );
    assert.equal(sheet?.pricesTokens, false, row.model);
    assert.deepEqual(
      lines?.filter(({ meter }) => meter !== "request").map(({ rate }) => rate?.source),
      [unpricedSource, unpricedSource, unpricedSource],
      row.model,
    );
  }
});

/** One of those that differ in nothing but the rates of their tokens. */
function distinctFees(found: readonly CatalogueRow[]): readonly CatalogueRow[] {
  const kept = new Map<string, CatalogueRow>();
  for (const row of found) {
    const { serviceTiers, regions, schedules } = row;
    const stated = statedRates(row).map((rates) =>
      Object.entries(rates).filter(([meter]) => !countsTokens(meter as PricedMeter)),
    );
    const key = JSON.stringify([stated, serviceTiers, regions, schedules], exact);
    if (!kept.has(key)) kept.set(key, row);
  }
  return [...kept.values()];
}

function exact(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function feeFacts(serverToolCalls: number, named: readonly FeeMeter[] | undefined): RequestFacts {
  return { ...plainFacts, textBytes: 10, serverToolCalls, ...(named && { fees: named }) };
}

function isOf(meter: PricedMeter, family: OpenMeter): boolean {
  return meter === family || meter.startsWith(`${family}_`);
}

function metersOf(rates: object): readonly PricedMeter[] {
  return Object.keys(rates) as PricedMeter[];
}

function openMetersOf(row: CatalogueRow): readonly OpenMeter[] {
  return [...new Set(statedRates(row).flatMap(metersOf))].filter((meter) => isOpenMeter(meter));
}

/** Every combination of a requested tier, a served one, a region and an hour that may differ. */
function termsOf(row: CatalogueRow): readonly Terms[] {
  const tiers: readonly ServiceTier[] = ["standard", ...tiersOf(row)];
  const regions = [...new Set([anywhere, ...possibleRegions(row, undefined)])];
  const places = [
    ...regions.map((region) => ({ usual: region, region: undefined })),
    ...[undefined, ...regions].map((region) => ({ usual: null, region })),
  ];
  return hoursOf(row).flatMap((at) =>
    tiers.flatMap((asked) =>
      tiers
        .filter((served) => served === asked || order.indexOf(served) < order.indexOf(asked))
        .flatMap((served) => places.map((place) => ({ ...place, asked, served, at }))),
    ),
  );
}

/** A provider may serve a cheaper tier than the requested one. */
const order: readonly ServiceTier[] = ["batch", "flex", "standard", "priority", "fast"];

function tiersOf({ serviceTiers = {} }: CatalogueRow): readonly ServiceTier[] {
  return Object.keys(serviceTiers) as ServiceTier[];
}

/** Once, or in each hour of a week if the price depends on it. */
function hoursOf({ validFrom, validTo, schedules = [] }: CatalogueRow): readonly number[] {
  const first = validFrom ?? (validTo ?? Date.UTC(2026, 10, 23)) - 1;
  if (schedules.length === 0) return [first];
  const hours = Array.from({ length: 7 * 24 }, (_, hour) => first + hour * 3_600_000);
  return hours.filter((hour) => validTo === undefined || hour < validTo);
}

interface Compared {
  readonly terms: Terms;
  readonly facts: RequestFacts;
  readonly reading: Partial<Reading>;
}

function compare(row: CatalogueRow, { terms, facts: asked, reading }: Compared): void {
  const { usual, at } = terms;
  const prices = bookOf(row, usual);
  const provider = aProvider({ leastUnits: vendorFacts(row.provider).leastUnits });
  const route = {
    provider,
    wire,
    wireName: "openai",
    endpoint: wire.endpoint("POST", "/chat/completions"),
    url: "http://p",
    model: row.model,
    title: row.model,
  } as const;
  const facts = { ...asked, stream: false, maxOutputTokens: 1, serviceTier: terms.asked };
  const held = holdOf(prices, { route, facts, at });
  const outcome = priceAnswer(
    prices,
    { route, facts, estimate: held, ceiling: { sent: held.ceiling }, heldAt: at, fallback: null },
    {
      reading: {
        model: null,
        parts: [],
        reportedCost: null,
        serviceTier: terms.served,
        ...(terms.region !== undefined && { region: terms.region }),
        rawUsage: null,
        flags: [],
        passedBytes: 0,
        ...reading,
      },
      progress: { inputTokens: null, outputTokens: 0 },
      latencyMs: 1,
      flags: [],
    },
  );
  const hold = amountOf(held);
  const where = `${row.provider}/${row.model}, ${JSON.stringify(terms)}`;
  assert.ok(outcome.cost.usd <= hold, `${where}: ${outcome.cost.usd} is billed, ${hold} is held`);
  assert.ok(!outcome.flags.includes("unpriced"), `${where}: is unpriced`);
}

const books = new WeakMap<CatalogueRow, Map<string | null, PriceBook>>();

function bookOf(row: CatalogueRow, usual: string | null): PriceBook {
  const known = books.get(row) ?? new Map<string | null, PriceBook>();
  books.set(row, known);
  const book =
    known.get(usual) ??
    makePriceBook({ sources: [() => [row]], version: "1", regionOf: () => usual });
  known.set(usual, book);
  return book;
}

interface CallToHold {
  readonly route: Parameters<typeof estimate>[1]["route"];
  readonly facts: RequestFacts;
  readonly at: number;
}

function holdOf(prices: PriceBook, { route, facts, at }: CallToHold): Estimate {
  const { provider, model } = route;
  const sheet = prices.sheet({ provider: provider.name, model, at });
  assert.ok(sheet, `${model} has a price`);
  const byTokens = estimate(
    { learned: new Learned(), limits },
    { route, facts, sheet, fit: true },
    null,
  );
  return withUnit(byTokens, { facts, sheet, provider, at });
}

function amountOf({ rates, inputTokens, ceiling, fees }: Estimate): PicoUsd {
  assert.ok(rates);
  return add(add(multiply(rates.input, inputTokens), multiply(rates.output, ceiling)), fees);
}
