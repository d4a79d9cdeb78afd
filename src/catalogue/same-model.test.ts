/** One model has one bill: its dated and undated ids cost the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pico } from "../domain/money/money.ts";
import { equalsAny } from "../domain/price/id/id-rule.ts";
import type { ServiceTier } from "../domain/price/row/rate.ts";
import { isValidAt, type CatalogueRow } from "../domain/price/row/row.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { openCatalogue } from "./catalogue.ts";
import { completeSameModels, statesTheSame, undatedName } from "./same-model.ts";

const at = Date.parse("2026-11-29T12:00:00Z");
const catalogue = await openCatalogue();
const book = catalogue.book([]);

const usages: readonly Usage[] = [
  { input: 1000, cache_read: 100, cache_write_5m: 10, cache_write_1h: 1, output: 500 },
  { input: 300_000, cache_read: 100, cache_write_5m: 10, output: 500 },
  { input: 1_500_000, output: 500 },
  { web_search: 100, file_search: 10 },
];
const tiers: readonly ServiceTier[] = ["standard", "batch", "flex", "priority", "fast"];

/** Lists that state two prices for one model, each of them only once. */
const disagreeing = new Set([
  // 1.38 is the input price of another region.
  "azure gpt-4o-2024-08-06",
]);

function placesOf({ regions = {} }: CatalogueRow): readonly string[] {
  return regions === "included" ? [] : Object.keys(regions);
}

function cost(
  { provider, model }: CatalogueRow,
  { usage, serviceTier, region }: { usage: Usage; serviceTier: ServiceTier; region?: string },
): bigint {
  const sheet = book.sheet({ provider, model, at });
  const lines = sheet?.charge({ model, usage }, { serviceTier, region, at }) ?? [];
  return lines.reduce((sum, line) => sum + line.cost, 0n);
}

test("no snapshot with the rates of its model differs from it in tiers, places, caches or fees", () => {
  const valid = catalogue.rows().filter((row) => isValidAt(row, at));
  const first = Map.groupBy(valid, ({ provider, model }) => `${provider} ${model.toLowerCase()}`);
  let pairs = 0;
  for (const row of valid) {
    const [undated] = first.get(`${row.provider} ${undatedName(row.model)}`) ?? [];
    const name = `${row.provider} ${row.model}`;
    if (!undated || undated.model === row.model || disagreeing.has(name)) continue;
    if (!statesTheSame(row.rates, undated.rates)) continue;
    pairs++;
    const regions = [...placesOf(row), ...placesOf(undated)];
    for (const usage of usages)
      for (const serviceTier of tiers)
        for (const region of [undefined, ...regions]) {
          const call = { usage, serviceTier, ...(region !== undefined && { region }) };
          assert.equal(
            cost(row, call),
            cost(undated, call),
            `${name}: ${serviceTier} ${region ?? "anywhere"} ${JSON.stringify(usage)}`,
          );
        }
  }
  assert.ok(pairs > 50, `${pairs} pairs`);
});

const plain: CatalogueRow = {
  provider: "acme",
  model: "m",
  ids: equalsAny("m"),
  rates: { input: pico(3n), output: pico(15n) },
  cacheWrites: "asked",
  source: "one",
  version: "1",
};

test("a snapshot gets what only the undated row has, and the other way round", () => {
  const undated: CatalogueRow = {
    ...plain,
    contextTiers: [{ tokens: 200, inclusive: false, rates: { input: pico(6n) } }],
    serviceTiers: { batch: { numerator: 1n, denominator: 2n } },
  };
  const dated: CatalogueRow = {
    ...plain,
    model: "m-2026-01-01",
    rates: { ...plain.rates, cache_read: pico(1n) },
    serviceTiers: { batch: { rates: { input: pico(2n) } }, flex: { rates: { input: pico(1n) } } },
    source: "two",
  };
  const [one, two] = completeSameModels([undated, dated], at);
  assert.deepEqual(one?.supplements, [{ rates: { cache_read: 1n }, source: "two", version: "1" }]);
  assert.deepEqual(Object.keys(one.serviceTiers ?? {}).sort(), ["batch", "flex"]);
  assert.deepEqual(two?.contextTiers, undated.contextTiers);
  // Rates of one size would not be those of a long context.
  assert.deepEqual(two?.serviceTiers?.batch, undated.serviceTiers?.batch);
});

test("a snapshot with another price, or at another provider, keeps its own row", () => {
  const tiers = [{ tokens: 200, inclusive: false, rates: { input: pico(6n) } }];
  const undated = { ...plain, contextTiers: tiers };
  const dearer = {
    ...plain,
    model: "m-2026-01-01",
    rates: { input: pico(4n), output: pico(15n) },
  };
  const elsewhere = { ...plain, model: "m-2026-01-01", provider: "other" };
  const [, one, two] = completeSameModels([undated, dearer, elsewhere], at);
  assert.equal(one, dearer);
  assert.equal(two, elsewhere);
});
