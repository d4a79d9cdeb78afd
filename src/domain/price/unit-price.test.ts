/** A unit has a price where the row, its hours or its terms state one at the time of the call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { OpenMeter } from "../usage/usage.ts";
import { makePriceBook } from "./book.ts";
import type { Rates } from "./row/row.ts";
import {
  billedUnits,
  chargesTokens,
  lackingUnit,
  pricedUnits,
  pricesCall,
  unitBound,
  unitMeter,
  unitPrices,
} from "./unit-price.ts";
import { at, row, sheetOf } from "./row-sheet.test-kit.ts";

const images = openMeter("images");
const hd = openMeter("images_hd");
const unit = { meters: [hd, images], family: images, count: 1, output: null };
const free = { input: pico(0n), output: pico(0n) };
const hourMs = 3_600_000;
const now = { serviceTier: "standard", at } as const;
const later = { ...now, at: at + hourMs };
/** Noon to one o'clock every day; {@link at} is noon. */
const noon = { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 720, toMinute: 780 };

test("a unit that is priced in some hours only has a price in those, and none in others", () => {
  const sheet = sheetOf({ rates: free, schedules: [{ ...noon, rates: { [images]: pico(7n) } }] });
  assert.equal(unitMeter(sheet, unit, now), images);
  assert.equal(unitBound(sheet, { ...unit, count: 3 }, now), 21n);
  assert.ok(pricesCall(sheet, unit, now));
  assert.equal(unitMeter(sheet, unit, later), undefined);
  assert.equal(pricesCall(sheet, unit, later), false, "tokens at zero are not the price of images");
});

test("the more specific meter counts while it has a price, else the general one", () => {
  const rates = { ...row.rates, [images]: pico(5n) };
  const sheet = sheetOf({ rates, schedules: [{ ...noon, rates: { [hd]: pico(7n) } }] });
  assert.equal(unitMeter(sheet, unit, now), hd);
  assert.equal(unitMeter(sheet, unit, later), images);
});

test("a unit that is priced under a tier or in a region only has that price there", () => {
  const own = { rates: { [images]: pico(7n) } };
  const batch = sheetOf({ rates: free, serviceTiers: { batch: own } });
  assert.deepEqual(batch.openMeters, [images]);
  assert.equal(unitMeter(batch, unit, now), undefined);
  assert.equal(pricesCall(batch, unit, now), false);
  const regions = { eu: own };
  assert.equal(unitMeter(sheetOf({ rates: free, regions }, "eu"), unit, now), images);
  assert.equal(unitMeter(sheetOf({ rates: free, regions }), unit, now), undefined);
});

test("a unit is bounded by the dearest terms that may be billed, each with its own meter", () => {
  const sheet = sheetOf({
    rates: { ...free, [images]: pico(5n) },
    serviceTiers: {
      batch: { rates: { [images]: pico(6n) } },
      priority: { rates: { [hd]: pico(9n) } },
    },
    regions: { us: { rates: { [images]: pico(7n) } } },
  });
  const three = { ...unit, count: 3 };
  const bound = (terms: object): bigint | undefined =>
    unitBound(sheet, three, { ...now, ...terms });
  assert.equal(bound({}), 18n, "a batch costs more here, and may be what is served");
  assert.equal(bound({ serviceTier: "priority" }), 27n);
  assert.equal(bound({ region: "us" }), 21n);
  assert.equal(unitMeter(sheet, unit, { ...now, serviceTier: "priority" }), hd);
  assert.deepEqual(Object.fromEntries(unitPrices(sheet, { ...now, serviceTier: "priority" })), {
    [images]: 5n,
    [hd]: 9n,
  });
});

test("a unit is priced if it is under any terms that may be billed", () => {
  const own = { rates: { [images]: pico(7n) } };
  const sheet = sheetOf({ rates: free, serviceTiers: { batch: own, priority: own } });
  assert.ok(pricesCall(sheet, unit, { ...now, serviceTier: "batch" }));
  assert.equal(
    pricesCall(sheet, unit, { ...now, serviceTier: "priority" }),
    false,
    "the standard tier may be served",
  );
});

test("tokens that cost something under the terms of a call only are charged there", () => {
  const sheet = sheetOf({
    rates: { ...free, [images]: pico(5n) },
    serviceTiers: { priority: { rates: { output: pico(2n) } } },
  });
  assert.equal(chargesTokens(sheet), false);
  assert.equal(chargesTokens(sheet, { serviceTier: "priority" }), true);
});

test("an unlisted region costs as much as the dearest one by unit if tokens are free", () => {
  const regions = {
    us: { rates: { [images]: pico(5n) } },
    eu: { rates: { [images]: pico(9n) } },
    jp: { rates: { [images]: pico(7n) } },
  };
  const sheet = sheetOf({ rates: free, regions });
  assert.deepEqual(sheet.unitRates({ ...now, region: "mars" }), new Map([[images, 9n]]));
});

test("units in a region without a price are held at the dearest listed one, whatever its tokens cost", () => {
  const regions = {
    eu: { rates: { input: pico(2n), [images]: pico(1n) } },
    jp: { rates: { input: pico(1n), [images]: pico(7n) } },
  };
  const sheet = sheetOf({ rates: free, regions });
  assert.equal(unitBound(sheet, unit, { ...now, region: "mars" }), 7n);
  assert.equal(unitBound(sheet, unit, { ...now, region: "eu" }), 1n);
});

test("a model is billed by its units if its tokens cost nothing; those without a price now are left out", () => {
  const sheet = sheetOf({
    rates: { ...free, [images]: pico(5n) },
    schedules: [{ ...noon, rates: { [hd]: pico(7n) } }],
  });
  assert.deepEqual(new Set(billedUnits(sheet)), new Set([images, hd]));
  assert.deepEqual(Object.fromEntries(unitPrices(sheet, now)), { [images]: 5n, [hd]: 7n });
  assert.deepEqual(Object.fromEntries(unitPrices(sheet, later)), { [images]: 5n });
  const tokens = sheetOf({ rates: { ...row.rates, [images]: pico(5n) } });
  assert.deepEqual([billedUnits(tokens), unitPrices(tokens, now).size], [[], 0]);
});

test("what is billed in addition counts if it has a price, and the unit itself needs one", () => {
  const inputs = openMeter("input_images");
  const also = [{ meters: [inputs], family: inputs, count: 2, mayBeFree: true }];
  const call = { ...unit, also };
  const both = sheetOf({ rates: { ...free, [images]: pico(5n), [inputs]: pico(1n) } });
  const counts = new Map([
    [images, 1],
    [inputs, 2],
  ]);
  assert.deepEqual(pricedUnits(both, call, now), { counts, isBound: false });
  const one = sheetOf({ rates: { ...free, [images]: pico(5n) } });
  assert.deepEqual(pricedUnits(one, call, now)?.counts, new Map([[images, 1]]));
  assert.equal(
    pricedUnits(sheetOf({ rates: { ...free, [inputs]: pico(1n) } }), call, now),
    undefined,
  );
  const twice = {
    ...unit,
    also: [{ meters: [images], family: images, count: 3, mayBeFree: true }],
  };
  assert.deepEqual(
    pricedUnits(one, twice, now)?.counts,
    new Map([[images, 4]]),
    "one meter is summed",
  );
  assert.equal(unitBound(both, call, now), 7n);
  assert.equal(unitBound(one, twice, now), 20n);
});

test("what is billed in addition without a price is unpriced, unless it may be free", () => {
  const [read, annotated] = [openMeter("pages"), openMeter("annotated_pages")];
  const also = [{ meters: [read], family: read, count: 2, mayBeFree: false }];
  const call = { meters: [annotated], family: annotated, count: 2, output: null, also };
  const sheet = sheetOf({ rates: { ...free, [annotated]: pico(3n) } });
  const { counts = new Map<OpenMeter, number>() } = pricedUnits(sheet, call, now) ?? {};
  const lines = sheet.charge({ model: null, usage: Object.fromEntries(counts) }, now);
  const listed = lines.map(({ meter, cost, rate }) => [meter, cost, rate?.source]);
  assert.deepEqual(listed, [
    [annotated, 6n, "test"],
    [read, 0n, "unpriced"],
  ]);
  assert.equal(pricesCall(sheet, call, now), false);
  assert.equal(lackingUnit(sheet, call, now)?.family, read);
  const both = sheetOf({ rates: { ...free, [annotated]: pico(3n), [read]: pico(1n) } });
  assert.ok(pricesCall(both, call, now));
  assert.equal(unitBound(both, call, now), 8n);
});

test("the bound of a unit is its dearest price of the coming hour, if it has one now", () => {
  const bound = (starts: number, rates: Rates = { ...free, [images]: pico(50n) }) => {
    const from = at + starts;
    const rows = [
      { ...row, rates: { ...free, [images]: pico(5n) }, validTo: from },
      { ...row, rates, validFrom: from },
    ];
    const book = makePriceBook({ sources: [() => rows], version: "1" });
    const query = { provider: "acme", model: "m" };
    const sheet = book.sheet({ ...query, at }) ?? assert.fail("the model has a price");
    return unitBound(sheet, { ...unit, count: 2 }, now);
  };
  assert.equal(bound(60_000), 100n);
  assert.equal(bound(hourMs + 1), 10n);
  assert.equal(bound(60_000, { ...free, [images]: pico(1n) }), 10n, "the price now is dearer");
  assert.equal(bound(60_000, row.rates), 10n, "the next price is in tokens");
  const soon = { ...noon, fromMinute: 721, rates: { [images]: pico(7n) } };
  assert.equal(unitBound(sheetOf({ rates: free, schedules: [soon] }), unit, now), undefined);
  const dearer = sheetOf({ rates: { ...free, [images]: pico(5n) }, schedules: [soon] });
  assert.equal(unitBound(dearer, unit, now), 7n);
});

/** The meter that prices an image or video by these prices, and whether it is only a bound. */
function found(rates: object, names: readonly string[], family = images): readonly unknown[] {
  const priced = Object.fromEntries(
    Object.entries(rates).map(([name, usd]) => [openMeter(name), pico(BigInt(usd))]),
  );
  const sheet = sheetOf({ rates: { ...free, ...priced } });
  const units = pricedUnits(sheet, { ...unit, family, meters: names.map(openMeter) }, now);
  return units ? [...units.counts.keys(), units.isBound] : [];
}

test("a variant without a price is bounded by the dearest of its quality, else of its size, else of all", () => {
  const prices = { images: 4, images_hd_512x512: 8, images_hd_1024x1024: 9, images_low_64x64: 1 };
  const names = (quality: string, size: string) => [
    `images_${quality}_${size}`,
    `images_${size}`,
    `images_${quality}`,
    "images",
  ];
  assert.deepEqual(found(prices, names("hd", "512x512")), ["images_hd_512x512", false]);
  assert.deepEqual(found(prices, names("hd", "2048x2048")), ["images_hd_1024x1024", true]);
  assert.deepEqual(found(prices, names("low", "2048x2048")), ["images_hd_1024x1024", true]);
  assert.deepEqual(found(prices, names("low", "32x32")), ["images_low_64x64", true]);
  assert.deepEqual(found(prices, names("ultra", "512x512")), ["images_hd_512x512", true]);
  assert.deepEqual(found(prices, names("ultra", "64x64")), ["images", true]);
  assert.deepEqual(found(prices, names("standard", "256x256")), ["images", false]);
  assert.deepEqual(found(prices, []), ["images_hd_1024x1024", true]);
  assert.deepEqual(found({ images: 4 }, []), ["images", false]);
  assert.deepEqual(found({ images: 4, images_2k: 4 }, ["images_4k"]), ["images", false]);
});

test("the price of a quality or a resolution is not that of a dearer variant that may be meant", () => {
  const resolutions = { images: 4, images_2k: 7, images_high_2k: 20 };
  assert.deepEqual(found(resolutions, ["images_2k"]), ["images_high_2k", true]);
  assert.deepEqual(found(resolutions, ["images_low_2k", "images_2k"]), ["images_2k", false]);
  assert.deepEqual(found(resolutions, ["images_high_2k", "images_2k"]), ["images_high_2k", false]);
  const sizes = { images_hd: 8, images_hd_1792x1024: 12 };
  const names = (size: string): readonly string[] => [`images_hd_${size}`, "images_hd"];
  assert.deepEqual(found(sizes, names("512x512")), ["images_hd", false]);
  assert.deepEqual(found(sizes, names("2048x2048")), ["images_hd_1792x1024", true]);
});

test("the general price of videos is not that of a size above a smaller one that costs more", () => {
  const video = openMeter("video_seconds");
  const priceOf = (size: string, prices: object): readonly unknown[] =>
    found(prices, [`video_seconds_${size}`, video], video);
  const grok = { video_seconds: 5, video_seconds_480p: 5, video_seconds_720p: 7 };
  for (const size of ["768p", "1024p", "1080p"])
    assert.deepEqual(priceOf(size, grok), ["video_seconds_720p", true], size);
  for (const size of ["360p", "540p", "576p"])
    assert.deepEqual(priceOf(size, grok), [video, false], size);
  assert.deepEqual(priceOf("720p", grok), ["video_seconds_720p", false]);
  const ray = { video_seconds: 10, video_seconds_720p: 20, video_seconds_1080p: 40 };
  assert.deepEqual(priceOf("768p", ray), ["video_seconds_1080p", true]);
  assert.deepEqual(priceOf("540p", ray), [video, false]);
  const usual = { video_seconds: 10, video_seconds_480p: 4, video_seconds_720p: 10 };
  assert.deepEqual(priceOf("1080p", usual), [video, false]);
});
