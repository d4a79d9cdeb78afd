/**
 * Property: whatever the price and the usage within a request's bounds, the hold covers the bill.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Learned } from "../../domain/estimate/learned.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { add, multiply, pico } from "../../domain/money/money.ts";
import type { Demand } from "../../domain/ledger/command.ts";
import { priceDemand } from "../../domain/ledger/decide-hold.ts";
import { billFor } from "../../domain/price/bill.ts";
import { makePriceBook } from "../../domain/price/book.ts";
import type { UnlistedRule } from "../../domain/price/ceiling.ts";
import type { FallbackRates, ServiceTier } from "../../domain/price/row/rate.ts";
import { randomRow, randomUsage } from "../../domain/price/row/random-row.test-kit.ts";
import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { serviceTiers } from "../../domain/price/row-sheet.test-kit.ts";
import { sheetOfServed } from "../../domain/price/served.ts";
import type { PriceBook, PriceSheet } from "../../domain/price/sheet.ts";
import { feeMeters, tokenMeters, type Meter, type Usage } from "../../domain/usage/usage.ts";
import { plainFacts } from "../../wire/answer/feed.test-kit.ts";
import { openaiWire } from "../../wire/openai/index.ts";
import type { Reading, RequestFacts } from "../../wire/wire.ts";
import type { CallLimits } from "../port/limits.ts";
import { aProvider } from "../port/parts.test-kit.ts";
import { readingByUnit } from "../settle/unit-reading.ts";
import { demandOf, estimate } from "./estimate.ts";
import { withOtherModels } from "./other-models.ts";
import { withUnit } from "./unit-estimate.ts";

const limits = {
  maxOutputTokens: 2000,
  imageTokens: 500,
  audioTokens: 500,
  fileTokens: 500,
  serverToolTokens: 0,
  contextTokens: 2000,
  streamSliceTokens: 10,
} as CallLimits;

const wire = openaiWire();
const route = {
  provider: aProvider(),
  wire,
  wireName: "openai",
  endpoint: wire.endpoint("POST", "/chat/completions"),
  url: "http://p",
  model: "m",
  title: "acme/m",
} as const;

const outputs: ReadonlySet<Meter> = new Set(["output", "output_audio", "output_image"]);
const media: readonly Meter[] = ["input_audio", "cache_read_audio", "input_image"];

interface Call {
  readonly usual: string | null;
  readonly asked: string | undefined;
  readonly elsewhere: string;
  readonly cacheWrite: RequestFacts["cacheWrite"];
  readonly asTier: ServiceTier;
  readonly served: ServiceTier;
  readonly hasMedia: boolean;
  readonly fees: readonly (typeof feeMeters)[number][] | undefined;
  readonly choices: number;
  readonly spare: number;
  /** Input tokens that the provider adds. */
  readonly added: number;
  readonly at: number;
}

const monday = Date.UTC(2026, 10, 23);
const places = ["global", "us", "eu", "mars"] as const;

const randomCall: fc.Arbitrary<Call> = fc
  .record({
    usual: fc.constantFrom(null, "us", "eu", "mars"),
    asked: fc.constantFrom(undefined, ...places),
    elsewhere: fc.constantFrom(...places),
    cacheWrite: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
    asTier: fc.constantFrom(...serviceTiers),
    served: fc.constantFrom(...serviceTiers),
    hasMedia: fc.boolean(),
    fees: fc.option(fc.subarray([...feeMeters]), { nil: undefined }),
    choices: fc.integer({ min: 1, max: 3 }),
    spare: fc.nat({ max: 50 }),
    added: fc.nat({ max: 50 }),
    at: fc.nat({ max: 7 * 86_400_000 }).map((moment) => monday + moment),
  })
  .filter(({ asTier, served }) => served === asTier || rank[served] < rank[asTier]);

/** A provider may serve a cheaper tier than requested; an unknown tier may be any. */
const rank = { batch: 0, flex: 1, standard: 2, priority: 3, fast: 3, other: 4 } as const;

test("a hold covers the bill of any usage within the bounds of its request", () => {
  fc.assert(
    fc.property(randomRow, randomUsage, randomCall, (row, raw, call) => {
      const sheet = sheetOf(row, call);
      const usage = within(raw, row, call);
      const facts = factsOf(usage, call);
      const held = estimate(
        { learned: new Learned(), limits },
        { route, facts, sheet, fit: true },
        null,
      );
      assert.ok(held.rates);
      assert.ok(count(usage, (meter) => outputs.has(meter)) <= held.ceiling);
      const hold = add(
        add(
          multiply(held.rates.input, held.inputTokens + held.unknownInput),
          multiply(held.rates.output, held.ceiling),
        ),
        held.fees,
      );
      const bill = billFor({
        model: "m",
        parts: [{ model: null, usage }],
        sheetOf: () => sheet,
        terms: {
          serviceTier: call.served,
          region: call.asked ?? (call.usual === null ? call.elsewhere : undefined),
          at: call.at,
        },
        fallback: null,
        reported: { cost: null, isBilled: false },
      });
      assert.ok(bill.cost <= hold, `${bill.cost} is billed, ${hold} is held`);
    }),
    { numRuns: 1000 },
  );
});

const pages = openMeter("pages");
const plainReading: Reading = {
  model: null,
  parts: [],
  reportedCost: null,
  serviceTier: "standard",
  rawUsage: null,
  flags: [],
  passedBytes: 0,
};

test("a hold by unit covers the bill of as many units, and of the fewest that are billed", () => {
  const counts = fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 300 }));
  fc.assert(
    fc.property(randomRow, randomCall, counts, (row, call, [count, least]) => {
      const sheet = sheetOf(row, call);
      const provider = aProvider({ leastUnits: { [pages]: least } });
      const unit = { meters: [pages], family: pages, count, isExact: true, output: null };
      const region = call.asked;
      const facts = { ...plainFacts, unit, serviceTier: call.asTier, ...(region && { region }) };
      const tokens = estimate(
        { learned: new Learned(), limits },
        { route, facts, sheet, fit: true },
        null,
      );
      const held = withUnit(tokens, { facts, sheet, provider, at: call.at });
      const terms = {
        serviceTier: call.served,
        region: call.asked ?? (call.usual === null ? call.elsewhere : undefined),
      };
      const answer = { ...plainReading, serviceTier: terms.serviceTier };
      const reading = readingByUnit(
        { route: { provider }, facts, heldAt: call.at },
        terms.region === undefined ? answer : { ...answer, region: terms.region },
        sheet,
      );
      const cost = (reading?.parts ?? [])
        .flatMap((part) => sheet.charge(part, { ...terms, at: call.at }))
        .reduce((sum, line) => sum + line.cost, 0n);
      assert.ok(cost <= held.fees, `${cost} is billed, ${held.fees} is held`);
    }),
    { numRuns: 1000 },
  );
});

interface Pair {
  /** Undefined for a model without a price. */
  readonly asked: CatalogueRow | undefined;
  readonly other: CatalogueRow | undefined;
  readonly rule: UnlistedRule;
  /** The rates of a budget. */
  readonly fallback: FallbackRates | null;
  readonly runsInstead: boolean;
}

const perToken = fc.bigInt({ min: 0n, max: 10n ** 9n }).map(pico);
const rates = fc.record({ input: perToken, output: perToken });
const maybeRow = fc.option(randomRow, { nil: undefined });
const randomPair: fc.Arbitrary<Pair> = fc.record({
  asked: maybeRow,
  other: maybeRow,
  rule: fc.oneof(fc.constantFrom("none" as const, "dearest" as const), rates),
  fallback: fc.option(rates),
  runsInstead: fc.boolean(),
});

test("a hold covers the bill of another model that runs too, whichever of them has a price", () => {
  fc.assert(
    fc.property(randomPair, randomUsage, randomCall, (pair, raw, any) => {
      // Input that the provider adds is held for the requested model only.
      const call = { ...any, added: 0 };
      const { asked, other, runsInstead } = pair;
      const question = { provider: "acme", model: "m", at: call.at };
      const book = bookOf(pair, call);
      const sheet = book.sheet(question);
      // A model that runs in addition has no tools.
      const its = runsInstead ? call : { ...call, fees: [] };
      const usage = within(raw, other ?? asked ?? { cacheWrites: "asked" }, its);
      const { demands, fallback } = demandsOf(book, { pair, call, usage });
      const { cost } = billFor({
        model: "m",
        parts: [{ model: "x", usage }],
        sheetOf: () => sheetOfServed(book, { ...question, sheet }, "x"),
        terms: {
          serviceTier: call.served,
          region: call.asked ?? (call.usual === null ? call.elsewhere : undefined),
          at: call.at,
        },
        fallback,
        reported: { cost: null, isBilled: false },
      });
      const [alone, both] = demands.map((demand) => priceDemand(demand, fallback).fixed.usd);
      const held = (both ?? 0n) - (alone ?? 0n);
      assert.ok(cost <= held, `${cost} is billed, ${held} is held`);
    }),
    { numRuns: 1000 },
  );
});

function bookOf({ asked, other, rule }: Pair, { usual }: Call): PriceBook {
  const rows = [
    ...(asked ? [asked] : []),
    ...(other ? [{ ...other, model: "x", ids: { equals: "x" } }] : []),
  ];
  const unlisted = () => rule;
  return makePriceBook({ sources: [() => rows], version: "1", regionOf: () => usual, unlisted });
}

/** What is held for the requested model alone, and for both. */
function demandsOf(
  book: PriceBook,
  { pair, call, usage }: { readonly pair: Pair; readonly call: Call; readonly usage: Usage },
): { readonly demands: readonly Demand[]; readonly fallback: FallbackRates | null } {
  const { at } = call;
  const maxOutputTokens = count(usage, (meter) => outputs.has(meter));
  const other = { model: "x", runs: 1, maxOutputTokens };
  const facts: RequestFacts = {
    ...factsOf(usage, call),
    otherModels: [pair.runsInstead ? { ...other, isAlternative: true } : other],
  };
  const provider = aProvider({ name: "acme" });
  const called = { facts, route: { ...route, provider } };
  const sheet = book.sheet({ provider: "acme", model: "m", at });
  const own = estimate(
    { learned: new Learned(), limits },
    {
      ...called,
      sheet,
      unlisted: (query) => book.ceiling({ ...query, provider: "acme", at }),
      fit: true,
    },
    null,
  );
  const both = withOtherModels(book, { ...called, estimate: own, at, limits });
  const input = own.inputTokens + own.unknownInput;
  return {
    demands: [own, both].map((held) => demandOf(held, { input, output: 0, least: 0 })),
    fallback: sheet ? null : (pair.fallback ?? own.bound?.rates ?? null),
  };
}

function sheetOf(row: CatalogueRow, { usual, at }: Call): PriceSheet {
  const book = makePriceBook({ sources: [() => [row]], version: "1", regionOf: () => usual });
  return book.sheet({ provider: "acme", model: "m", at }) ?? assert.fail("the model has a price");
}

/** Nothing that the request does not ask for: cache writes, media, tools. */
function within(
  raw: Usage,
  row: Pick<CatalogueRow, "cacheWrites">,
  { cacheWrite, hasMedia, fees }: Call,
): Usage {
  const usage: { [meter in Meter]?: number } & { reasoning?: number } = { ...raw };
  delete usage[pages];
  if (usage.request !== undefined) usage.request = Math.min(usage.request, 1);
  if (cacheWrite === "none" && row.cacheWrites === "asked") delete usage.cache_write_5m;
  if (cacheWrite !== "1h") delete usage.cache_write_1h;
  if (!hasMedia) for (const meter of media) delete usage[meter];
  for (const fee of feeMeters) if (fees && !fees.includes(fee)) delete usage[fee];
  return usage as Usage;
}

function factsOf(usage: Usage, call: Call): RequestFacts {
  const { choices, hasMedia } = call;
  const out = count(usage, (meter) => outputs.has(meter));
  const input = count(usage, (meter) => tokenMeters.has(meter) && !outputs.has(meter));
  return {
    ...plainFacts,
    stream: false,
    textBytes: Math.max(0, input - call.added) + call.spare,
    media: { images: hasMedia ? 1 : 0, audios: 0, files: 0 },
    maxOutputTokens: Math.ceil(out / choices),
    choices,
    cacheWrite: call.cacheWrite,
    serviceTier: call.asTier,
    serverToolCalls: feeMeters.reduce((sum, meter) => sum + (usage[meter] ?? 0), 0),
    ...(call.asked !== undefined && { region: call.asked }),
    ...(call.fees && { fees: call.fees }),
  };
}

function count(usage: Usage, isCounted: (meter: Meter) => boolean): number {
  return Object.entries(usage).reduce(
    (sum, [meter, some]) => (isCounted(meter as Meter) ? sum + (some ?? 0) : sum),
    0,
  );
}
