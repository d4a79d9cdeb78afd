import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico, type PicoUsd } from "../money/money.ts";
import { countContext, feeMeters, meters, tokenMeters, type Meter, type Usage } from "../usage/usage.ts";
import { makePriceBook } from "./book.ts";
import type { Charge, ServiceTier } from "./rate.ts";
import type { CatalogueRow, Rates } from "./row.ts";
import type { DearestRates, PriceSheet } from "./sheet.ts";

const at = Date.parse("2026-11-22T12:00:00Z");
const serviceTiers: readonly ServiceTier[] = ["batch", "flex", "standard", "priority", "fast", "other"];

const row: CatalogueRow = {
  provider: "acme",
  model: "m",
  ids: { equals: "m" },
  rates: { input: pico(10n), cache_read: pico(1n), cache_write_5m: pico(12n), output: pico(50n) },
  cacheWrites: "asked",
  source: "test",
  version: "1",
};

function sheetOf(changes: Partial<CatalogueRow>, usualRegion: string | null = "global"): PriceSheet {
  const book = makePriceBook({ sources: [() => [{ ...row, ...changes }]], version: "1", regionOf: () => usualRegion });
  return book.sheet({ provider: "acme", model: "m", at }) ?? assert.fail("the model has a price");
}

function charge(sheet: PriceSheet, usage: Usage, serviceTier: ServiceTier = "standard"): readonly Charge[] {
  return sheet.charge({ model: null, usage }, { serviceTier, at });
}

function costOf(lines: readonly Charge[]): bigint {
  return lines.reduce((sum, line) => sum + line.cost, 0n);
}

const rateOf = (lines: readonly Charge[], meter: Meter) => lines.find((line) => line.meter === meter)?.rate;

test("every counted meter is a line of quantity times rate", () => {
  const lines = charge(sheetOf({}), { input: 3, cache_read: 100, output: 2, reasoning: 1, cache_write_1h: 0 });
  assert.deepEqual(
    lines.map(({ meter, quantity, cost }) => [meter, quantity, cost]),
    [
      ["input", 3, 30n],
      ["cache_read", 100, 100n],
      ["output", 2, 100n],
    ],
  );
});

test("a meter without a rate is charged at the one that stands in for it, and the line names that one", () => {
  const bare = sheetOf({ rates: { input: pico(10n), output: pico(50n) } });
  const usage: Usage = {
    cache_read: 1,
    cache_write_5m: 1,
    cache_write_1h: 1,
    input_audio: 1,
    cache_read_audio: 1,
    output_audio: 1,
    input_image: 1,
    output_image: 1,
  };
  assert.deepEqual(
    charge(bare, usage).map(({ meter, cost, rate }) => [meter, cost, rate?.meter]),
    [
      ["cache_read", 10n, "input"],
      ["cache_write_5m", 10n, "input"],
      ["cache_write_1h", 10n, "input"],
      ["input_audio", 10n, "input"],
      ["cache_read_audio", 10n, "input"],
      ["output_audio", 50n, "output"],
      ["input_image", 10n, "input"],
      ["output_image", 50n, "output"],
    ],
  );
  assert.equal(rateOf(charge(sheetOf({}), { cache_write_1h: 1 }), "cache_write_1h")?.meter, "cache_write_5m");
  assert.equal(rateOf(charge(sheetOf({ rates: { input: pico(1n) } }), { output: 1 }), "output")?.meter, "input");
});

test("a tool without a fee is a line of its own that says it is unpriced", () => {
  const line = charge(sheetOf({}), { web_search: 2 })[0];
  assert.deepEqual([line?.quantity, line?.cost, line?.rate?.source], [2, 0n, "unpriced"]);
});

test("a supplement prices what the row leaves out, under its own source", () => {
  const supplements = [
    {
      rates: { web_search: pico(7n), input: pico(999n) },
      multiples: { cache_write_1h: { of: "input", numerator: 2n, denominator: 1n } },
      source: "extra",
      version: "9",
    },
  ] as const;
  const lines = charge(sheetOf({ supplements }), { input: 1, cache_write_1h: 1, web_search: 1 });
  assert.deepEqual(
    lines.map(({ cost, rate }) => [cost, rate?.source]),
    [
      [10n, "test"],
      [20n, "extra"],
      [7n, "extra"],
    ],
  );
});

test("a flat fee is due once a call, whether or not the answer counts itself", () => {
  const sheet = sheetOf({ rates: { ...row.rates, request: pico(5n) } });
  assert.equal(costOf(charge(sheet, { input: 1 })), 15n);
  assert.equal(costOf(charge(sheet, { input: 1, request: 2 })), 20n);
  assert.equal(costOf(charge(sheetOf({}), { input: 1, request: 1 })), 10n);
});

const cliff = [{ tokens: 200, inclusive: false, rates: { input: pico(20n), cache_read: pico(2n), output: pico(75n) } }];

test("past a context size every token is charged at its rates, output too", () => {
  const sheet = sheetOf({ contextTiers: cliff });
  assert.equal(costOf(charge(sheet, { input: 100, cache_read: 100, output: 1 })), 1_000n + 100n + 50n);
  const over = charge(sheet, { input: 100, cache_read: 101, output: 1 });
  assert.equal(costOf(over), 2_000n + 202n + 75n);
  assert.deepEqual(rateOf(over, "output")?.context, { tokens: 200, inclusive: false });
  assert.equal(rateOf(charge(sheet, { input: 1 }), "input")?.context, undefined);
});

test("cache writes count towards the context, output does not", () => {
  const sheet = sheetOf({ contextTiers: cliff });
  assert.equal(rateOf(charge(sheet, { cache_write_5m: 100, cache_write_1h: 101, input: 0, output: 1 }), "output")?.perUnit, 75n);
  assert.equal(rateOf(charge(sheet, { input: 200, output: 1_000 }), "output")?.perUnit, 50n);
});

test("an inclusive size has the rates of the next tier already", () => {
  const inclusive = sheetOf({ contextTiers: cliff.map((tier) => ({ ...tier, inclusive: true })) });
  assert.equal(costOf(charge(inclusive, { input: 199 })), 1_990n);
  assert.equal(costOf(charge(inclusive, { input: 200 })), 4_000n);
});

test("a tier that leaves a meter out keeps the rate of the tier below", () => {
  const sheet = sheetOf({ contextTiers: [...cliff, { tokens: 300, inclusive: false, rates: { input: pico(30n) } }] });
  assert.equal(costOf(charge(sheet, { input: 301, output: 1 })), 9_030n + 75n);
});

test("a served tier multiplies tokens and no tool fees", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(1_000n) },
    serviceTiers: { batch: { numerator: 1n, denominator: 2n }, priority: { numerator: 7n, denominator: 4n } },
  });
  assert.equal(costOf(charge(sheet, { input: 2, web_search: 1 }, "batch")), 10n + 1_000n);
  const line = charge(sheet, { input: 2 }, "priority")[0];
  assert.deepEqual([line?.cost, line?.rate?.serviceTier], [36n, "priority"]);
});

const half = { numerator: 1n, denominator: 2n };
const tenth = { numerator: 11n, denominator: 10n };

test("a region multiplies tokens and no tool fees, on top of the tier, and the rate says so", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(1_000n) },
    serviceTiers: { batch: half },
    regions: { us: tenth },
  });
  const lines = sheet.charge({ model: null, usage: { input: 2, output: 1, web_search: 1 } }, { serviceTier: "standard", region: "us", at });
  assert.deepEqual(
    lines.map(({ cost, rate }) => [cost, rate?.region]),
    [
      [22n, "us"],
      [55n, "us"],
      [1_000n, undefined],
    ],
  );
  const both = sheet.charge({ model: null, usage: { input: 2 } }, { serviceTier: "batch", region: "us", at })[0];
  assert.deepEqual([both?.cost, both?.rate?.serviceTier, both?.rate?.region], [12n, "batch", "us"], "10 × 1/2 × 11/10, rounded up once");
  assert.equal(rateOf(charge(sheet, { input: 1 }), "input")?.region, undefined);
});

test("a region that is not priced costs as much as the dearest that is, and the sheet says that it has no price", () => {
  const sheet = sheetOf({ regions: { us: tenth, eu: { numerator: 6n, denominator: 5n }, uk: half } });
  const inMars = { serviceTier: "standard", region: "mars" } as const;
  assert.equal(costOf(sheet.charge({ model: null, usage: { input: 1 } }, { ...inMars, at })), 12n);
  assert.deepEqual([sheet.prices(inMars), sheet.prices({ ...inMars, region: "us" })], [false, true]);
  assert.deepEqual([sheetOf({}).prices(inMars), sheetOf({ regions: "included" }).prices(inMars)], [false, true]);
  assert.equal(sheetOf({ regions: { "*": tenth } }).prices(inMars), true);
});

test("a tier that is not priced is told from one that is", () => {
  const sheet = sheetOf({ serviceTiers: { batch: half } });
  const prices = (serviceTier: ServiceTier): boolean => sheet.prices({ serviceTier });
  assert.deepEqual(serviceTiers.map(prices), [true, false, true, false, false, false]);
});

test("a provider's region is what its calls are charged by, unless the answer names another", () => {
  const sheet = sheetOf({ regions: { eu: tenth } }, "eu");
  assert.equal(costOf(charge(sheet, { input: 1 })), 11n);
  assert.equal(costOf(sheet.charge({ model: null, usage: { input: 1 } }, { serviceTier: "standard", region: "global", at })), 10n);
  assert.equal(sheet.prices({ serviceTier: "standard" }), true);
});

test("where the provider decides the region, a call is bounded by the dearest and charged by what served", () => {
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard", media: false } as const;
  const open = sheetOf({ regions: { us: tenth } }, null);
  assert.equal(open.dearest(query).input, 11n);
  assert.equal(open.dearest({ ...query, region: "global" }).input, 10n);
  assert.equal(costOf(charge(open, { input: 1 })), 10n);
  assert.equal(sheetOf({ regions: { us: tenth } }).dearest(query).input, 10n);
});

test("only fees that can fall due bound a call", () => {
  const sheet = sheetOf({ rates: { ...row.rates, web_search: pico(14n), maps_grounding: pico(25n) } });
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  assert.equal(sheet.dearest({ ...query, fees: ["web_search"] }).webSearch, 14n);
  assert.equal(sheet.dearest({ ...query, fees: ["web_search", "maps_grounding"] }).webSearch, 25n);
  assert.equal(sheet.dearest({ ...query, fees: [] }).webSearch, 0n);
  assert.equal(sheet.dearest(query).webSearch, 25n);
});

test("a fraction of a pico-USD is rounded up, once, in the rate", () => {
  const sheet = sheetOf({ serviceTiers: { batch: { numerator: 1n, denominator: 2n } } });
  assert.equal(costOf(charge(sheet, { cache_read: 10 }, "batch")), 10n);
});

test("a tier that is not priced costs the standard rates, and the line says so", () => {
  const line = charge(sheetOf({}), { input: 1 }, "priority")[0];
  assert.deepEqual([line?.cost, line?.rate?.serviceTier], [10n, "standard"]);
});

test("a meter that a tier does not price apart falls back within that tier", () => {
  const sheet = sheetOf({ serviceTiers: { batch: { numerator: 1n, denominator: 2n, without: ["cache_read"] } } });
  assert.equal(costOf(charge(sheet, { cache_read: 1 }, "batch")), 5n);
});

test("a part of another model is named in its lines", () => {
  const lines = sheetOf({}).charge({ model: "m-2026", usage: { input: 1 } }, { serviceTier: "standard", at });
  assert.equal(lines[0]?.model, "m-2026");
  assert.equal(lines[0]?.rate?.model, "m");
});

test("a quantity that is not a whole number is a bug", () => {
  for (const input of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => charge(sheetOf({}), { input }), /whole number/);
});

const perUnit = fc.bigInt({ min: 0n, max: 10n ** 9n }).map(pico);
const someRates = fc.record(Object.fromEntries(meters.map((meter) => [meter, perUnit])) as Record<Meter, fc.Arbitrary<PicoUsd>>, {
  requiredKeys: ["input"],
}) as fc.Arbitrary<Rates>;
const ratio = fc.record({ numerator: fc.bigInt({ min: 0n, max: 9n }), denominator: fc.bigInt({ min: 1n, max: 9n }) });
const tier = fc.record({ tokens: fc.integer({ min: 1, max: 900 }), inclusive: fc.boolean(), rates: someRates });
const randomRow = fc.record({
  rates: someRates,
  contextTiers: fc
    .uniqueArray(tier, { selector: ({ tokens }) => tokens, maxLength: 3 })
    .map((tiers) => tiers.toSorted((a, b) => a.tokens - b.tokens)),
  serviceTiers: fc.record({ batch: ratio, flex: ratio, priority: ratio, fast: ratio }, { requiredKeys: [] }),
  regions: fc.record({ us: ratio, eu: ratio, "*": ratio }, { requiredKeys: [] }),
  cacheWrites: fc.constantFrom("asked" as const, "always" as const),
});
const counts = fc.record(Object.fromEntries(meters.map((meter) => [meter, fc.nat({ max: 300 })])) as Record<Meter, fc.Arbitrary<number>>, {
  requiredKeys: [],
}) as fc.Arbitrary<Usage>;

test("a charge is quantity times rate on every line, and every counted token is on one", () => {
  fc.assert(
    fc.property(randomRow, counts, fc.constantFrom(...serviceTiers), (changes, usage, serviceTier) => {
      const lines = charge(sheetOf(changes), usage, serviceTier);
      for (const line of lines) assert.equal(line.cost, (line.rate?.perUnit ?? 0n) * BigInt(line.quantity));
      for (const meter of tokenMeters) assert.equal(lines.find((line) => line.meter === meter)?.quantity ?? 0, usage[meter] ?? 0);
    }),
  );
});

test("splitting a usage into parts below the cliff does not change what it costs", () => {
  fc.assert(
    fc.property(someRates, counts, counts, (rates, first, second) => {
      const { request: _fee, ...tokens } = rates;
      const sheet = sheetOf({
        rates: { ...tokens, input: rates.input ?? pico(1n) },
        contextTiers: [{ tokens: 10_000, inclusive: false, rates: { input: pico(0n) } }],
      });
      const sum = Object.fromEntries(meters.map((meter) => [meter, (first[meter] ?? 0) + (second[meter] ?? 0)]));
      assert.equal(costOf(charge(sheet, first)) + costOf(charge(sheet, second)), costOf(charge(sheet, sum)));
    }),
  );
});

const rank = (tier: ServiceTier): number => ({ batch: 0, flex: 1, standard: 2, priority: 3, fast: 3, other: 4 })[tier];

test("no usage within a query costs more than the dearest rates say", () => {
  const query = fc.record({
    cacheWrite: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
    serviceTier: fc.constantFrom(...serviceTiers),
    served: fc.constantFrom(...serviceTiers),
    servedIn: fc.constantFrom("global", "us", "eu", "mars"),
    isRegionAsked: fc.boolean(),
    media: fc.boolean(),
    spare: fc.nat({ max: 50 }),
  });
  fc.assert(
    fc.property(randomRow, counts, query, (changes, raw, { served, servedIn, isRegionAsked, ...asked }) => {
      fc.pre(served === asked.serviceTier || rank(served) < rank(asked.serviceTier));
      const options = { serviceTier: served, region: servedIn, at };
      const usage = within(raw, { cacheWrite: asked.cacheWrite, always: changes.cacheWrites === "always", media: asked.media });
      const sheet = sheetOf(changes, null);
      const region = isRegionAsked ? { region: servedIn } : {};
      const dearest = sheet.dearest({ ...asked, ...region, inputTokens: countContext(usage) + asked.spare });
      const outputs = (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
      const bound =
        dearest.input * BigInt(countContext(usage)) +
        dearest.output * BigInt(outputs) +
        dearest.webSearch * BigInt(feeMeters.reduce((sum, meter) => sum + (usage[meter] ?? 0), 0)) +
        dearest.request * BigInt(usage.request ?? 1);
      const lines = sheet.charge({ model: null, usage }, options);
      assert.ok(costOf(lines) <= bound);
      for (const { meter, rate } of lines) assert.ok((rate?.perUnit ?? 0n) <= dearest[unitOf(meter)], `${meter} is bounded by itself`);
    }),
    { numRuns: 500 },
  );
});

test("a query that says nothing of media is bounded by their rates too, and the next query by its own", () => {
  const sheet = sheetOf({ rates: { ...row.rates, input_audio: pico(99n) }, contextTiers: cliff });
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  assert.equal(sheet.dearest({ ...query, media: false }).input, 10n);
  assert.equal(sheet.dearest(query).input, 99n);
  assert.equal(sheet.dearest({ ...query, media: false, cacheWrite: "5m" }).input, 12n);
  assert.equal(sheet.dearest({ ...query, media: false, inputTokens: 201 }).input, 20n);
  assert.equal(sheet.dearest({ ...query, media: false }).input, 10n);
});

function unitOf(meter: Charge["meter"]): keyof DearestRates {
  if (meter === "request") return "request";
  if (meter === "output" || meter === "output_audio" || meter === "output_image") return "output";
  return tokenMeters.has(meter as Meter) ? "input" : "webSearch";
}

/** What can happen under a query: no cache is written that was not asked for, and no media is read that was not sent. */
function within(usage: Usage, asked: { cacheWrite: "none" | "5m" | "1h"; always: boolean; media: boolean }): Usage {
  const allowed = { ...usage };
  if (asked.cacheWrite === "none" && !asked.always) delete allowed.cache_write_5m;
  if (asked.cacheWrite !== "1h") delete allowed.cache_write_1h;
  if (!asked.media) for (const meter of ["input_audio", "cache_read_audio", "input_image"] as const) delete allowed[meter];
  return allowed;
}

test("the rate of a charge says its tier and its region where they made it, and is a standard one where they did not", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(7n) },
    serviceTiers: { batch: half },
    regions: { us: tenth, "*": half },
  });
  const said = (region: string, serviceTier: ServiceTier = "batch") =>
    sheet
      .charge({ model: null, usage: { input: 2, web_search: 1 } }, { serviceTier, region, at })
      .map(({ meter, rate }) => [meter, rate?.serviceTier, rate?.region]);
  const fee = ["web_search", "standard", undefined];
  assert.deepEqual(said("us"), [["input", "batch", "us"], fee]);
  assert.deepEqual(said("mars"), [["input", "batch", "mars"], fee], "one that all regions share is called as it was asked for");
  assert.deepEqual(said("us", "standard"), [["input", "standard", "us"], fee]);
});
