/** Test kit for price sheets: a row with a price for every meter, and its sheets. */

import assert from "node:assert/strict";
import { pico } from "../money/money.ts";
import type { Usage } from "../usage/usage.ts";
import type { Charge, ServiceTier } from "./row/rate.ts";
import type { CatalogueRow } from "./row/row.ts";
import { makePriceBook } from "./book.ts";
import type { PriceSheet } from "./sheet.ts";

export const at = Date.parse("2026-11-22T12:00:00Z");
export const serviceTiers: readonly ServiceTier[] = [
  "batch",
  "flex",
  "standard",
  "priority",
  "fast",
  "other",
];

export const row: CatalogueRow = {
  provider: "acme",
  model: "m",
  ids: { equals: "m" },
  rates: { input: pico(10n), cache_read: pico(1n), cache_write_5m: pico(12n), output: pico(50n) },
  cacheWrites: "asked",
  source: "test",
  version: "1",
};

export function sheetOf(
  changes: Partial<CatalogueRow>,
  usualRegion: string | null = "global",
): PriceSheet {
  const book = makePriceBook({
    sources: [() => [{ ...row, ...changes }]],
    version: "1",
    regionOf: () => usualRegion,
  });
  return book.sheet({ provider: "acme", model: "m", at }) ?? assert.fail("the model has a price");
}

export function charge(
  sheet: PriceSheet,
  usage: Usage,
  serviceTier: ServiceTier = "standard",
): readonly Charge[] {
  return sheet.charge({ model: null, usage }, { serviceTier, at });
}

export function costOf(lines: readonly Charge[]): bigint {
  return lines.reduce((sum, line) => sum + line.cost, 0n);
}
