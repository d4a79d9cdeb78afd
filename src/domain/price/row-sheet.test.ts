/** Charges and bounds of a price sheet. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import type { Meter, Usage } from "../usage/usage.ts";
import { makePriceBook } from "./book.ts";
import { at, charge, costOf, row, serviceTiers, sheetOf } from "./row-sheet.test-kit.ts";
import type { Charge, ServiceTier } from "./row/rate.ts";

const rateOf = (lines: readonly Charge[], meter: Meter) =>
  lines.find((line) => line.meter === meter)?.rate;

test("every counted meter is a line of quantity times rate", () => {
  const lines = charge(sheetOf({}), {
    input: 3,
    cache_read: 100,
    output: 2,
    reasoning: 1,
    cache_write_1h: 0,
  });
  assert.deepEqual(
    lines.map(({ meter, quantity, cost }) => [meter, quantity, cost]),
    [
      ["input", 3, 30n],
      ["cache_read", 100, 100n],
      ["output", 2, 100n],
    ],
  );
});

test("a meter without a rate is charged at its substitute, which the line names", () => {
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
  assert.equal(
    rateOf(charge(sheetOf({}), { cache_write_1h: 1 }), "cache_write_1h")?.meter,
    "cache_write_5m",
  );
  assert.equal(
    rateOf(charge(sheetOf({ rates: { input: pico(1n) } }), { output: 1 }), "output")?.meter,
    "input",
  );
});

test("a tool without a fee has its own line, marked unpriced", () => {
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

test("a flat fee is due once per call, even if the answer does not report it", () => {
  const sheet = sheetOf({ rates: { ...row.rates, request: pico(5n) } });
  assert.equal(costOf(charge(sheet, { input: 1 })), 15n);
  assert.equal(costOf(charge(sheet, { input: 1, request: 2 })), 20n);
  assert.equal(costOf(charge(sheetOf({}), { input: 1, request: 1 })), 10n);
});

const cliff = [
  {
    tokens: 200,
    inclusive: false,
    rates: { input: pico(20n), cache_read: pico(2n), output: pico(75n) },
  },
];

test("past a context size every token is charged at its rates, including output", () => {
  const sheet = sheetOf({ contextTiers: cliff });
  assert.equal(
    costOf(charge(sheet, { input: 100, cache_read: 100, output: 1 })),
    1_000n + 100n + 50n,
  );
  const over = charge(sheet, { input: 100, cache_read: 101, output: 1 });
  assert.equal(costOf(over), 2_000n + 202n + 75n);
  assert.deepEqual(rateOf(over, "output")?.context, { tokens: 200, inclusive: false });
  assert.equal(rateOf(charge(sheet, { input: 1 }), "input")?.context, undefined);
});

test("cache writes count towards the context, output does not", () => {
  const sheet = sheetOf({ contextTiers: cliff });
  assert.equal(
    rateOf(
      charge(sheet, { cache_write_5m: 100, cache_write_1h: 101, input: 0, output: 1 }),
      "output",
    )?.perUnit,
    75n,
  );
  assert.equal(rateOf(charge(sheet, { input: 200, output: 1_000 }), "output")?.perUnit, 50n);
});

test("an inclusive size has the rates of the next tier", () => {
  const inclusive = sheetOf({ contextTiers: cliff.map((tier) => ({ ...tier, inclusive: true })) });
  assert.equal(costOf(charge(inclusive, { input: 199 })), 1_990n);
  assert.equal(costOf(charge(inclusive, { input: 200 })), 4_000n);
});

test("a tier that leaves a meter out keeps the rate of the tier below", () => {
  const sheet = sheetOf({
    contextTiers: [...cliff, { tokens: 300, inclusive: false, rates: { input: pico(30n) } }],
  });
  assert.equal(costOf(charge(sheet, { input: 301, output: 1 })), 9_030n + 75n);
});

test("a served tier multiplies token prices but not tool fees", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(1_000n) },
    serviceTiers: {
      batch: { numerator: 1n, denominator: 2n },
      priority: { numerator: 7n, denominator: 4n },
    },
  });
  assert.equal(costOf(charge(sheet, { input: 2, web_search: 1 }, "batch")), 10n + 1_000n);
  const line = charge(sheet, { input: 2 }, "priority")[0];
  assert.deepEqual([line?.cost, line?.rate?.serviceTier], [36n, "priority"]);
});

const half = { numerator: 1n, denominator: 2n };
const tenth = { numerator: 11n, denominator: 10n };

test("a region multiplies token prices but not tool fees, on top of the tier, and the rate records it", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(1_000n) },
    serviceTiers: { batch: half },
    regions: { us: tenth },
  });
  const lines = sheet.charge(
    { model: null, usage: { input: 2, output: 1, web_search: 1 } },
    { serviceTier: "standard", region: "us", at },
  );
  assert.deepEqual(
    lines.map(({ cost, rate }) => [cost, rate?.region]),
    [
      [22n, "us"],
      [55n, "us"],
      [1_000n, undefined],
    ],
  );
  const both = sheet.charge(
    { model: null, usage: { input: 2 } },
    { serviceTier: "batch", region: "us", at },
  )[0];
  assert.deepEqual(
    [both?.cost, both?.rate?.serviceTier, both?.rate?.region],
    [12n, "batch", "us"],
    "10 × 1/2 × 11/10, rounded up once",
  );
  assert.equal(rateOf(charge(sheet, { input: 1 }), "input")?.region, undefined);
});

test("a region without a price costs as much as the most expensive one, and the sheet reports it as unpriced", () => {
  const sheet = sheetOf({
    regions: { us: tenth, eu: { numerator: 6n, denominator: 5n }, uk: half },
  });
  const inMars = { serviceTier: "standard", region: "mars" } as const;
  assert.equal(costOf(sheet.charge({ model: null, usage: { input: 1 } }, { ...inMars, at })), 12n);
  assert.deepEqual(
    [sheet.prices(inMars), sheet.prices({ ...inMars, region: "us" })],
    [false, true],
  );
  assert.deepEqual(
    [sheetOf({}).prices(inMars), sheetOf({ regions: "included" }).prices(inMars)],
    [false, true],
  );
  assert.equal(sheetOf({ regions: { "*": tenth } }).prices(inMars), true);
});

test("a region without a price is bounded by every listed one, by meter", () => {
  const regions = {
    us: { rates: { input: pico(20n), output: pico(30n) } },
    eu: { rates: { input: pico(19n), output: pico(90n) } },
  };
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  const sheet = sheetOf({ regions });
  const bound = (region: string): readonly bigint[] => {
    const { input, output } = sheet.dearest({ ...query, media: false, region });
    return [input, output];
  };
  assert.deepEqual(bound("mars"), [20n, 90n]);
  assert.deepEqual(bound("us"), [20n, 30n]);
});

test("the sheet distinguishes priced and unpriced tiers", () => {
  const sheet = sheetOf({ serviceTiers: { batch: half } });
  const prices = (serviceTier: ServiceTier): boolean => sheet.prices({ serviceTier });
  assert.deepEqual(serviceTiers.map(prices), [true, false, true, false, false, false]);
});

test("calls are charged by the provider's region, unless the answer names another", () => {
  const sheet = sheetOf({ regions: { eu: tenth } }, "eu");
  assert.equal(costOf(charge(sheet, { input: 1 })), 11n);
  assert.equal(
    costOf(
      sheet.charge(
        { model: null, usage: { input: 1 } },
        { serviceTier: "standard", region: "global", at },
      ),
    ),
    10n,
  );
  assert.equal(sheet.prices({ serviceTier: "standard" }), true);
});

test("if the provider decides the region, a call is bounded by the most expensive one and charged by the served one", () => {
  const query = {
    inputTokens: 1,
    cacheWrite: "none",
    serviceTier: "standard",
    media: false,
  } as const;
  const open = sheetOf({ regions: { us: tenth } }, null);
  assert.equal(open.dearest(query).input, 11n);
  assert.equal(open.dearest({ ...query, region: "global" }).input, 10n);
  assert.equal(costOf(charge(open, { input: 1 })), 10n);
  assert.equal(sheetOf({ regions: { us: tenth } }).dearest(query).input, 10n);
});

test("only applicable fees bound a call", () => {
  const sheet = sheetOf({
    rates: { ...row.rates, web_search: pico(14n), maps_grounding: pico(25n) },
  });
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

test("a tier without a price costs the standard rates, and the line says so", () => {
  const line = charge(sheetOf({}), { input: 1 }, "priority")[0];
  assert.deepEqual([line?.cost, line?.rate?.serviceTier], [10n, "standard"]);
});

test("a meter that a discount leaves out costs its substitute, and never more than without it", () => {
  const without = ["cache_read"] as const;
  const half = { numerator: 1n, denominator: 2n };
  const batch = (cached: bigint): readonly (bigint | string | undefined)[] => {
    const sheet = sheetOf({
      rates: { ...row.rates, cache_read: pico(cached) },
      serviceTiers: { batch: { ...half, without } },
      regions: { us: { numerator: 2n, denominator: 1n } },
    });
    return [undefined, "us"].flatMap((region) => {
      const terms = { serviceTier: "batch", at, ...(region !== undefined && { region }) } as const;
      const [line] = sheet.charge({ model: null, usage: { cache_read: 1 } }, terms);
      return [line?.cost, line?.rate?.meter, line?.rate?.serviceTier];
    });
  };
  assert.deepEqual(batch(8n), [5n, "input", "batch", 10n, "input", "batch"]);
  assert.deepEqual(batch(1n), [1n, "cache_read", "standard", 2n, "cache_read", "batch"]);
  const dearer = sheetOf({
    serviceTiers: { priority: { numerator: 2n, denominator: 1n, without } },
  });
  assert.equal(costOf(charge(dearer, { cache_read: 1 }, "priority")), 20n);
});

test("a part of another model is named in its lines", () => {
  const lines = sheetOf({}).charge(
    { model: "m-2026", usage: { input: 1 } },
    { serviceTier: "standard", at },
  );
  assert.equal(lines[0]?.model, "m-2026");
  assert.equal(lines[0]?.rate?.model, "m");
});

test("a quantity that is not a whole number is a bug", () => {
  for (const input of [-1, 0.5, Number.NaN, 2 ** 53])
    assert.throws(() => charge(sheetOf({}), { input }), /whole number/);
});

test("a query that does not mention media is bounded by their rates too, and the next query by its own", () => {
  const sheet = sheetOf({ rates: { ...row.rates, input_audio: pico(99n) }, contextTiers: cliff });
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  assert.equal(sheet.dearest({ ...query, media: false }).input, 10n);
  assert.equal(sheet.dearest(query).input, 99n);
  assert.equal(sheet.dearest({ ...query, media: false, cacheWrite: "5m" }).input, 12n);
  assert.equal(sheet.dearest({ ...query, media: false, inputTokens: 201 }).input, 20n);
  assert.equal(sheet.dearest({ ...query, media: false }).input, 10n);
});

test("the rate of a charge names its tier and region if they affect it, and is a standard rate otherwise", () => {
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
  assert.deepEqual(
    said("mars"),
    [["input", "batch", "mars"], fee],
    "a rate shared by all regions has the requested name",
  );
  assert.deepEqual(said("us", "standard"), [["input", "standard", "us"], fee]);
});

test("a region that a caller names as in a price, or leaves empty, bounds no other call", () => {
  const regions = {
    us: { numerator: 2n, denominator: 1n },
    "*": { numerator: 1n, denominator: 1n },
  };
  const book = makePriceBook({
    sources: [() => [{ ...row, regions }]],
    version: "1",
    regionOf: () => null,
    unlisted: () => "dearest",
  });
  const query = { inputTokens: 1, cacheWrite: "none", serviceTier: "standard" } as const;
  const sheet = book.sheet({ provider: row.provider, model: row.model, at: 0 });
  for (const region of ["*", "", "any"]) {
    sheet?.dearest({ ...query, region });
    book.ceiling({ ...query, provider: row.provider, at: 0, region });
  }
  const twice = 2n * (row.rates.input ?? 0n);
  assert.equal(sheet?.dearest(query).input, twice);
  assert.equal(book.ceiling({ ...query, provider: row.provider, at: 0 })?.input, twice);
});
