/** The text form of prices: what it can say, and how it refuses mistakes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../error.ts";
import { pico } from "../../money/money.ts";
import { openMeter } from "../../usage/open-meter.ts";
import { row } from "../row-sheet.test-kit.ts";
import { formatRow, parseRow, type PriceText } from "./row-text.ts";
import type { CatalogueRow } from "../row/row.ts";

const flat = { provider: "acme", model: "m", input: "2", output: "10" };
const tiers = [{ above: 200_000, input: "4", output: "15" }];

function parse(fields: object): CatalogueRow {
  return parseRow({ ...flat, ...fields }, { field: "prices[2]", source: "configuration" });
}

const usd = (amount: number): bigint => BigInt(amount * 1_000_000);

/** A price with everything that the language has, in the form in which it is written. */
const whole: PriceText = {
  provider: "acme",
  model: "m",
  aliases: ["m-latest"],
  input: "2",
  cache_read: "0.2",
  cache_write_5m: "2.5",
  output: "10",
  reasoning: "12",
  web_search: "0.01",
  meters: { images_hd_1024x1792: "0.08", cache_storage_token_hours: "0.000001" },
  context_tiers: [
    { above: 200_000, input: "4", output: "15" },
    { from: 500_000, input: "8" },
  ],
  service_tiers: {
    batch: { factor: "0.5", without: ["cache_read", "reasoning"] },
    priority: {
      input: "4",
      output: "20",
      web_search: "0.02",
      context_tiers: [{ above: 200_000, input: "8" }],
    },
    fast: { factor: "5/3" },
  },
  regions: { us: { factor: "1.1" }, eu: { input: "3", output: "12" }, "*": { factor: "1" } },
  hours: [
    { days: ["mon", "fri"], from: "01:00", to: "04:00", input: "3", meters: { pages: "0.001" } },
    { from: "22:30", to: "24:00", output: "9" },
  ],
  free: { web_search: { units: 1500, per: "day" } },
  cache_writes: "asked",
  context_window: 1_000_000,
  max_output_tokens: 64_000,
  valid_from: "2026-01-01T00:00:00.000Z",
  valid_to: "2027-01-01T00:00:00.000Z",
};

test("a text is written as it was read, in full", () => {
  assert.deepEqual(formatRow(parseRow(whole, { field: "", source: "api" })), whole);
});

test("the fields of a text become those of a row", () => {
  const read = parseRow(whole, { field: "", source: "api", version: "7" });
  assert.deepEqual(read.ids, { any: [{ equals: "m" }, { equals: "m-latest" }] });
  assert.deepEqual(read.contextTiers, [
    { tokens: 200_000, inclusive: false, rates: { input: usd(4), output: usd(15) } },
    { tokens: 500_000, inclusive: true, rates: { input: usd(8) } },
  ]);
  assert.deepEqual(read.serviceTiers, {
    batch: { numerator: 1n, denominator: 2n, without: ["cache_read", "reasoning"] },
    priority: {
      rates: { input: usd(4), output: usd(20), web_search: 20_000_000_000n },
      contextTiers: [{ tokens: 200_000, inclusive: false, rates: { input: usd(8) } }],
    },
    fast: { numerator: 5n, denominator: 3n },
  });
  assert.deepEqual(read.schedules, [
    {
      weekdays: [1, 5],
      fromMinute: 60,
      toMinute: 240,
      rates: { input: usd(3), [openMeter("pages")]: 1_000_000_000n },
    },
    {
      weekdays: [1, 2, 3, 4, 5, 6, 7],
      fromMinute: 22 * 60 + 30,
      toMinute: 1440,
      rates: { output: usd(9) },
    },
  ]);
  assert.deepEqual(
    [read.cacheWrites, read.contextWindow, read.maxOutputTokens, read.source, read.version],
    ["asked", 1_000_000, 64_000, "api", "7"],
  );
  assert.deepEqual(read.free, { web_search: { units: 1500, per: "day" } });
});

test("a price without regions applies to any, and one with no region to none by name", () => {
  assert.equal(parse({}).regions, "included");
  assert.equal(parse({ regions: "included" }).regions, "included");
  assert.equal(parse({ regions: {} }).regions, undefined);
  assert.deepEqual(formatRow({ ...row, regions: "included" }).regions, undefined);
  assert.deepEqual(formatRow(row).regions, {});
});

test("caches are written unasked if a write has a price, unless stated otherwise", () => {
  assert.equal(parse({}).cacheWrites, "asked");
  assert.equal(parse({ cache_write_5m: "1" }).cacheWrites, "always");
  assert.equal(parse({ cache_writes: "always" }).cacheWrites, "always");
});

test("hours that cross midnight go on the next day", () => {
  const rates = { input: usd(1) };
  const hours = [{ days: ["sun", "mon"], from: "22:00", to: "02:00", input: "1" }];
  assert.deepEqual(parse({ hours }).schedules, [
    { weekdays: [1, 7], fromMinute: 1320, toMinute: 1440, rates },
    { weekdays: [1, 2], fromMinute: 0, toMinute: 120, rates },
  ]);
  const untilMidnight = [{ from: "22:00", to: "00:00", input: "1" }];
  assert.equal(parse({ hours: untilMidnight }).schedules?.length, 1);
});

test("a factor is exact", () => {
  for (const [text, numerator, denominator, written = text] of [
    ["0.5", 1n, 2n],
    ["5/3", 5n, 3n],
    ["20/11", 20n, 11n],
    ["1.10", 11n, 10n, "1.1"],
    ["4/2", 2n, 1n, "2"],
    ["0", 0n, 1n],
    ["1000", 1000n, 1n],
    ["0.000000000001", 1n, 10n ** 12n],
  ] as const) {
    const read = parse({ service_tiers: { batch: { factor: text } } });
    assert.deepEqual(read.serviceTiers?.batch, { numerator, denominator }, text);
    assert.deepEqual(formatRow(read).service_tiers?.batch, { factor: written });
  }
});

test("supplements are written as rates of the price itself", () => {
  const text = formatRow({
    ...row,
    rates: { input: pico(100n), output: pico(500n) },
    contextTiers: [{ tokens: 100, inclusive: false, rates: { input: pico(201n) } }],
    schedules: [{ weekdays: [1], fromMinute: 0, toMinute: 60, rates: { input: pico(50n) } }],
    supplements: [
      {
        multiples: { cache_write_5m: { of: "input", numerator: 5n, denominator: 4n } },
        source: "overlay",
        version: "1",
      },
      { rates: { web_search: pico(9n) }, source: "overlay", version: "1" },
    ],
  });
  assert.equal(text.cache_write_5m, "0.000125");
  assert.equal(text.web_search, "0.000000000009");
  assert.deepEqual(text.context_tiers, [
    { above: 100, input: "0.000201", cache_write_5m: "0.000252" },
  ]);
  assert.equal(text.hours?.[0]?.cache_write_5m, "0.000063");
});

test("a row without a rate for output is written with that of input, at every context size", () => {
  const text = formatRow({
    ...row,
    rates: { input: pico(100n) },
    contextTiers: [{ tokens: 100, inclusive: true, rates: { input: pico(200n) } }],
  });
  assert.deepEqual([text.input, text.output], ["0.0001", "0.0001"]);
  assert.deepEqual(text.context_tiers, [{ from: 100, input: "0.0002", output: "0.0002" }]);
});

test("a prefix stays a prefix, and ids that a pattern matches are left out", () => {
  const prefix = parse({ model: "gpt-9*", aliases: ["nine"] });
  assert.deepEqual(prefix.ids, { any: [{ startsWith: "gpt-9" }, { equals: "nine" }] });
  assert.deepEqual([formatRow(prefix).model, formatRow(prefix).aliases], ["gpt-9*", ["nine"]]);
  const ids = { any: [{ equals: "m" }, { equals: "m-1" }, { regex: /^m-2/ }, { startsWith: "m" }] };
  assert.deepEqual(formatRow({ ...row, ids }).aliases, ["m-1"]);
});

test("every mistake is refused with its field and a remedy", () => {
  const batch = (term: unknown) => ({ service_tiers: { batch: term } });
  const at = (hours: object) => ({ hours: [{ from: "01:00", to: "02:00", input: "1", ...hours }] });
  for (const [fields, field] of [
    [{ tier: "1" }, "tier"],
    [{ model: "m*n" }, "model"],
    [{ aliases: "m-1" }, "aliases"],
    [{ aliases: ["m-*"] }, "aliases[0]"],
    [{ aliases: ["m-1", " "] }, "aliases[1]"],
    [{ context_tiers: { above: 1 } }, "context_tiers"],
    [{ context_tiers: ["200000"] }, "context_tiers[0]"],
    [{ context_tiers: [{ input: "1" }] }, "context_tiers[0].above"],
    [{ context_tiers: [{ above: "200000", input: "1" }] }, "context_tiers[0].above"],
    [{ context_tiers: [{ above: 0, input: "1" }] }, "context_tiers[0].above"],
    [{ context_tiers: [{ above: 1, from: 1, input: "1" }] }, "context_tiers[0].from"],
    [{ context_tiers: [{ above: 1, input: 4 }] }, "context_tiers[0].input"],
    [{ context_tiers: [{ above: 1, meters: { pages: "1" } }] }, "context_tiers[0].meters"],
    [{ context_tiers: [...tiers, ...tiers] }, "context_tiers[1].above"],
    [{ context_tiers: [...tiers, { from: 100, input: "1" }] }, "context_tiers[1].from"],
    [{ service_tiers: { turbo: { factor: "1" } } }, "service_tiers.turbo"],
    [{ service_tiers: { standard: { factor: "1" } } }, "service_tiers.standard"],
    [batch("0.5"), "service_tiers.batch"],
    [batch({}), "service_tiers.batch.factor"],
    [batch({ factor: 0.5 }), "service_tiers.batch.factor"],
    [batch({ factor: "half" }), "service_tiers.batch.factor"],
    [batch({ factor: "-1" }), "service_tiers.batch.factor"],
    [batch({ factor: "1/0" }), "service_tiers.batch.factor"],
    [batch({ factor: "1001" }), "service_tiers.batch.factor"],
    [batch({ factor: "0.5", input: "1" }), "service_tiers.batch.input"],
    [batch({ factor: "0.5", without: ["input"] }), "service_tiers.batch.without[0]"],
    [batch({ factor: "0.5", without: ["web_search"] }), "service_tiers.batch.without[0]"],
    [batch({ input: "1", without: ["output"] }), "service_tiers.batch.without"],
    [batch({ factor: "0.5", meters: { pages: "1" } }), "service_tiers.batch.meters"],
    [batch({ meters: { input: "1" } }), "service_tiers.batch.meters.input"],
    [batch({ context_tiers: tiers }), "service_tiers.batch.context_tiers[0].above"],
    [
      { context_tiers: tiers, ...batch({ context_tiers: [{ from: 200_000, input: "1" }] }) },
      "service_tiers.batch.context_tiers[0].from",
    ],
    [{ regions: "us" }, "regions"],
    [{ regions: ["us"] }, "regions"],
    [{ regions: { us: "1.1" } }, "regions.us"],
    [{ regions: { us: { factor: "10%" } } }, "regions.us.factor"],
    [{ regions: { "a b": { factor: "1" } } }, "regions.a b"],
    [{ hours: {} }, "hours"],
    [at({ days: ["Monday"] }), "hours[0].days[0]"],
    [at({ days: [] }), "hours[0].days"],
    [at({ from: "1:00" }), "hours[0].from"],
    [at({ from: 60 }), "hours[0].from"],
    [at({ from: "24:00" }), "hours[0].from"],
    [at({ to: "24:01" }), "hours[0].to"],
    [at({ to: "01:00" }), "hours[0].to"],
    [at({ to: undefined }), "hours[0].to"],
    [at({ meters: { pages: "-1" } }), "hours[0].meters.pages"],
    [{ free: 1500 }, "free"],
    [{ free: { input: { units: 1, per: "day" } } }, "free.input"],
    [{ free: { web_search: { per: "day" } } }, "free.web_search.units"],
    [{ free: { web_search: { units: 1 } } }, "free.web_search.per"],
    [{ free: { web_search: { units: 1, per: "hour" } } }, "free.web_search.per"],
    [{ cache_writes: "never" }, "cache_writes"],
    [{ context_window: "1M" }, "context_window"],
    [{ max_output_tokens: 0.5 }, "max_output_tokens"],
  ] as const)
    assert.throws(
      () => parse(fields),
      (error) =>
        error instanceof PurserError &&
        error.code === "invalid_request" &&
        error.detail.field === `prices[2].${field}` &&
        (error.detail.remedy ?? "") !== "",
      JSON.stringify(fields),
    );
});

test("a tier of a service tier needs the same edge as that of the price, and the remedy says which", () => {
  const own = [{ above: 100_000, input: "1" }];
  assert.throws(
    () => parse({ context_tiers: tiers, service_tiers: { batch: { context_tiers: own } } }),
    (error) =>
      error instanceof PurserError &&
      error.detail.remedy === "Use one of its thresholds: above: 200000.",
  );
});
