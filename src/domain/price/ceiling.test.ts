/** The ceiling of models without a price: the dearest of the provider's list, or a stated one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { pico } from "../money/money.ts";
import { makePriceBook, type PriceBookOptions } from "./book.ts";
import { definePrice } from "./text/override.ts";
import { randomRow } from "./row/random-row.test-kit.ts";
import type { CatalogueRow } from "./row/row.ts";

const row = (
  model: string,
  [input, output]: readonly [bigint, bigint],
  more: Partial<CatalogueRow> = {},
) =>
  ({
    provider: "p",
    model,
    ids: { equals: model },
    rates: { input: pico(input), output: pico(output) },
    cacheWrites: "asked",
    source: "list",
    version: "1",
    ...more,
  }) satisfies CatalogueRow;

const list: readonly CatalogueRow[] = [
  row("wordy", [2n, 90n]),
  row("old", [1000n, 1000n], { validTo: 100 }),
  row("wide", [50n, 8n], {
    contextTiers: [{ tokens: 1000, inclusive: true, rates: { input: pico(60n) } }],
    serviceTiers: { priority: { numerator: 2n, denominator: 1n } },
  }),
  row("next", [3000n, 3000n], { validFrom: 10 ** 9 }),
];
const query = { provider: "p", at: 200, cacheWrite: "none", serviceTier: "standard" } as const;

function ceilingOf(options: Partial<PriceBookOptions> = {}, change: object = {}) {
  const book = makePriceBook({
    sources: [(provider) => (provider === "p" ? list : [])],
    version: "v",
    unlisted: () => "dearest",
    ...options,
  });
  return book.ceiling({ ...query, ...change });
}

function rates(...asked: Parameters<typeof ceilingOf>): readonly unknown[] {
  const found = ceilingOf(...asked);
  const { input, output } = found?.ceiling ?? {};
  return [found?.input, found?.output, input?.model, output?.model];
}

test("each unit has the dearest rate of any listed model, at any context size", () => {
  assert.deepEqual(rates(), [60n, 90n, "wide", "wordy"]);
  assert.deepEqual(
    [ceilingOf()?.ceiling?.input.match, ceilingOf()?.ceiling?.input.source],
    ["fallback", "ceiling"],
  );
});

test("reasoning counts as output", () => {
  const thinker = row("thinker", [1n, 1n], {
    rates: { input: pico(1n), output: pico(1n), reasoning: pico(95n) },
  });
  assert.deepEqual(rates({ sources: [() => [...list, thinker]] }), [60n, 95n, "wide", "thinker"]);
});

test("it counts the prices of the call's time, its tier and the tiers below", () => {
  assert.deepEqual(rates({}, { at: 50 }), [1000n, 1000n, "old", "old"]);
  assert.deepEqual(rates({}, { at: 10 ** 9 }), [3000n, 3000n, "next", "next"]);
  assert.deepEqual(rates({}, { serviceTier: "priority" }), [120n, 90n, "wide", "wordy"]);
});

test("one book answers for any time in any order", () => {
  const book = makePriceBook({
    sources: [() => list],
    version: "v",
    unlisted: () => "dearest",
  });
  const inputAt = (at: number) => book.ceiling({ ...query, at })?.input;
  assert.deepEqual([200, 50, 10 ** 9, 200].map(inputAt), [60n, 1000n, 3000n, 60n]);
});

test("a user's price takes part, and replaces the listed one", () => {
  const price = (model: string) =>
    definePrice({ provider: "p", model, input: "0.00001", output: "0.000004" });
  assert.deepEqual(rates({ overrides: [price("wide")] }), [10n, 90n, "wide", "wordy"]);
  assert.deepEqual(rates({ overrides: [price("own")] }), [60n, 90n, "wide", "wordy"]);
  assert.deepEqual(rates({ sources: [], overrides: [price("own")] }), [10n, 4n, "own", "own"]);
});

test("stated rates replace those of tokens", () => {
  const stated = { input: pico(7n), output: pico(9n) };
  assert.deepEqual(rates({ unlisted: () => stated }), [7n, 9n, "*", "*"]);
  assert.deepEqual(rates({ sources: [], unlisted: () => stated }), [7n, 9n, "*", "*"]);
});

test("without a list, with free models only, or where it is off, nothing bounds the cost", () => {
  const bounded: readonly Partial<PriceBookOptions>[] = [
    { sources: [] },
    { sources: [() => [row("free", [0n, 0n])]] },
    { unlisted: () => "none" },
  ];
  for (const options of bounded) assert.equal(ceilingOf(options), undefined);
  const book = makePriceBook({ sources: [() => list], version: "v" });
  assert.equal(book.ceiling(query), undefined);
});

test("a fee that a reseller may charge raises the ceiling, even of a model with cheap tokens", () => {
  const mayCost = { web_search: pico(70n) };
  const cheap = row("cheap", [1n, 1n], {
    supplements: [{ mayCost, source: "overlay", version: "1" }],
  });
  const found = ceilingOf({ sources: [() => [...list, cheap]] })?.ceiling;
  assert.deepEqual([found?.webSearch.perUnit, found?.webSearch.model], [70n, "cheap"]);
});

test("no listed model can cost more than the ceiling, and one costs as much", () => {
  const terms = fc.record({
    cacheWrite: fc.constantFrom("none" as const, "5m" as const, "1h" as const),
    serviceTier: fc.constantFrom("standard" as const, "batch" as const, "priority" as const),
    media: fc.boolean(),
    fees: fc.constantFrom(undefined, [], ["web_search" as const]),
    region: fc.constantFrom(undefined, "us", "global"),
  });
  fc.assert(
    fc.property(fc.array(randomRow, { minLength: 1, maxLength: 8 }), terms, (rows, asked) => {
      const named = rows.map((one, place) => ({ ...one, provider: "p", model: `m${place}` }));
      const book = makePriceBook({
        sources: [() => named],
        version: "v",
        unlisted: () => "dearest",
      });
      const found = book.ceiling({ ...asked, provider: "p", at: query.at })?.ceiling;
      const dearest = named.flatMap(({ model }) => {
        const sheet = book.sheet({ provider: "p", model, at: query.at });
        return sheet?.dearest({ ...asked, inputTokens: Number.MAX_SAFE_INTEGER }) ?? [];
      });
      for (const unit of ["input", "output", "webSearch", "request"] as const) {
        const most = dearest.reduce((top, one) => (one[unit] > top ? one[unit] : top), 0n);
        if (found) assert.equal(found[unit].perUnit, most, unit);
      }
    }),
    { numRuns: 300 },
  );
});
