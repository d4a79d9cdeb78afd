/** Which models of a list count as priced by the book, and which of their prices as the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { makePriceBook } from "../../src/domain/price/book.ts";
import type { CatalogueRow } from "../../src/domain/price/row/row.ts";
import { pico } from "../../src/domain/money/money.ts";
import { openMeter } from "../../src/domain/usage/open-meter.ts";
import type { SkippedModel } from "../../src/catalogue/source/source.ts";
import { compareList, type Compared } from "./coverage.ts";

const at = Date.UTC(2026, 10, 29);

function row(changes: Partial<CatalogueRow> = {}): CatalogueRow {
  return {
    provider: "p",
    model: "m",
    ids: { equals: "m" },
    rates: { input: pico(1n), output: pico(2n) },
    cacheWrites: "asked",
    source: "list",
    version: "1",
    ...changes,
  };
}

interface Lists {
  readonly ours: readonly CatalogueRow[];
  readonly theirs?: CatalogueRow;
  readonly skipped?: SkippedModel;
}

function compare({ ours, theirs, skipped }: Lists): Compared | undefined {
  const book = makePriceBook({ sources: [() => ours], version: "1" });
  const list = {
    source: "list",
    version: "2",
    rows: theirs ? [theirs] : [],
    skipped: skipped ? [skipped] : [],
  };
  const [found, ...others] = compareList(list, { book, at, isCurrent: () => true });
  assert.deepEqual(others, []);
  return found;
}

function pricesThatDiffer(ours: CatalogueRow, theirs: CatalogueRow): readonly string[] {
  const { found, differences = [] } = compare({ ours: [ours], theirs }) ?? {};
  assert.equal(found, differences.length === 0 ? "same" : "different");
  return differences.map(({ price }) => price);
}

test("prices by context, tier and region are compared, however they are stated", () => {
  assert.deepEqual(pricesThatDiffer(row(), row()), []);
  const own = { rates: { input: pico(1n) } };
  const half = { numerator: 2n, denominator: 1n };
  const above = { tokens: 1000, inclusive: false, rates: { output: pico(9n) } };
  const full = row({
    contextTiers: [above],
    serviceTiers: { batch: half, flex: own },
    regions: { eu: half },
  });
  assert.deepEqual(pricesThatDiffer(full, full), []);
  assert.deepEqual(pricesThatDiffer(row(), full), [
    "output above 1,000",
    "batch input",
    "batch output",
    "eu input",
    "eu output",
  ]);
  const doubled = { rates: { input: pico(2n), output: pico(4n) } };
  assert.deepEqual(
    pricesThatDiffer(row({ regions: { eu: doubled } }), row({ regions: { eu: half } })),
    [],
  );
});

test("a model is missing if the book prices nothing that the list does, or only a similar name", () => {
  const images = { input: pico(0n), [openMeter("images")]: pico(5n) };
  const found = (ours: CatalogueRow, theirs: CatalogueRow): string | undefined =>
    compare({ ours: [ours], theirs })?.found;
  const seconds = { input: pico(0n), [openMeter("audio_seconds")]: pico(5n) };
  assert.equal(found(row({ rates: images }), row({ rates: images })), "same");
  assert.equal(found(row({ rates: seconds }), row({ rates: images })), "missing");
  const both = { ...images, input: pico(1n), output: pico(2n) };
  assert.equal(found(row(), row({ rates: both })), "different");
  const similar = row({ model: "m", ids: { startsWith: "m" } });
  const longer = { model: "m-preview-05-06", ids: { equals: "m-preview-05-06" } };
  assert.equal(found(similar, row(longer)), "same");
  assert.equal(found(similar, row({ ...longer, rates: { input: pico(7n) } })), "missing");
});

test("a price that was not read is unread if the book has another, and no entry without a price counts", () => {
  const skipped = { provider: "p", model: "m", path: "[0]", why: "has hours of its own" };
  assert.equal(compare({ ours: [row()], skipped })?.found, "unread");
  assert.equal(compare({ ours: [], skipped })?.found, "skipped");
  for (const lacks of ["price", "own_price", "price_by_use"] as const)
    assert.equal(compare({ ours: [], skipped: { ...skipped, lacks } }), undefined);
});
