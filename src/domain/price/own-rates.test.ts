/** Prices that a provider states for a tier or a region itself, instead of a factor. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../money/money.ts";
import type { Usage } from "../usage/usage.ts";
import { at, row, sheetOf } from "./row-sheet.test-kit.ts";
import type { ServiceTier } from "./row/rate.ts";
import type { CatalogueRow } from "./row/row.ts";

const tokens = (count: number): ReturnType<typeof pico> => pico(BigInt(count));

function rates(
  changes: Partial<CatalogueRow>,
  usage: Usage,
  { serviceTier = "batch", region }: { serviceTier?: ServiceTier; region?: string } = {},
): readonly unknown[] {
  const lines = sheetOf(changes).charge({ model: null, usage }, { serviceTier, region, at });
  return lines.map(({ meter, rate }) => [meter, rate?.perUnit, rate?.serviceTier, rate?.region]);
}

test("a tier's own rates replace the standard ones, fees excepted", () => {
  const changes: Partial<CatalogueRow> = {
    rates: { ...row.rates, web_search: tokens(1_000) },
    serviceTiers: { batch: { rates: { input: tokens(4), output: tokens(20) } } },
  };
  assert.deepEqual(rates(changes, { input: 1, output: 1, web_search: 1 }), [
    ["input", 4n, "batch", undefined],
    ["output", 20n, "batch", undefined],
    ["web_search", 1_000n, "standard", undefined],
  ]);
  assert.deepEqual(rates(changes, { input: 1 }, { serviceTier: "standard" }), [
    ["input", 10n, "standard", undefined],
  ]);
});

test("a meter that a discount does not price costs as much less as input does, at least", () => {
  const changes: Partial<CatalogueRow> = {
    rates: { ...row.rates, cache_read: tokens(8) },
    serviceTiers: { batch: { rates: { input: tokens(5) } } },
  };
  assert.deepEqual(rates(changes, { cache_read: 1, cache_write_5m: 1 }), [
    ["cache_read", 5n, "batch", undefined],
    ["cache_write_5m", 6n, "batch", undefined],
  ]);
});

test("a discount makes no meter dearer that it does not price, a dearer tier does", () => {
  const cached = { cache_read: 1 };
  const rate = (batch: number): readonly unknown[] =>
    rates({ serviceTiers: { batch: { rates: { input: tokens(batch) } } } }, cached);
  assert.deepEqual(rate(5), [["cache_read", 1n, "standard", undefined]]);
  assert.deepEqual(rate(20), [["cache_read", 20n, "batch", undefined]]);
});

test("a tier's own rates follow the row's thresholds, and a region's factor applies to them", () => {
  const changes: Partial<CatalogueRow> = {
    contextTiers: [{ tokens: 100, inclusive: false, rates: { input: tokens(20) } }],
    serviceTiers: {
      priority: {
        rates: { input: tokens(16) },
        contextTiers: [{ tokens: 100, inclusive: false, rates: { input: tokens(32) } }],
      },
    },
    regions: { us: { numerator: 11n, denominator: 10n } },
  };
  const priority = { serviceTier: "priority" } as const;
  assert.deepEqual(rates(changes, { input: 100 }, priority), [
    ["input", 16n, "priority", undefined],
  ]);
  assert.deepEqual(rates(changes, { input: 101 }, { ...priority, region: "us" }), [
    ["input", 36n, "priority", "us"],
  ]);
});

test("a region's own rates apply where the tier states none", () => {
  const changes: Partial<CatalogueRow> = {
    regions: { eu: { rates: { input: tokens(12), output: tokens(60) } } },
    serviceTiers: { batch: { rates: { input: tokens(5) } } },
  };
  assert.deepEqual(rates(changes, { input: 1, output: 1 }, { region: "eu" }), [
    ["input", 5n, "batch", "eu"],
    ["output", 60n, "batch", "eu"],
  ]);
});
