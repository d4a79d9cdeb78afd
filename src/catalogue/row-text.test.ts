/** Every price of the catalogue can be stated by a user, and then gives the same bill. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { definePrice, overrideRow } from "../domain/price/text/override.ts";
import { randomUsage } from "../domain/price/row/random-row.test-kit.ts";
import { formatRow } from "../domain/price/text/row-text.ts";
import { randomCall, sameBillOf } from "../domain/price/text/same-bill.test-kit.ts";
import { pricesInForce } from "../domain/price/in-force.ts";
import type { ModelName } from "../domain/price/served.ts";
import type { PriceBook } from "../domain/price/sheet.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { openCatalogue } from "./catalogue.ts";
import { supplementsOf } from "./overlay/fee.ts";

const catalogue = await openCatalogue();
const now = Date.parse("2026-11-25T12:00:00Z");

/** Counts around the thresholds of long contexts. */
const usages = fc
  .tuple(randomUsage, fc.constantFrom(1, 1000))
  .map(
    ([usage, times]) =>
      Object.fromEntries(
        Object.entries(usage).map(([meter, count]) => [meter, (count ?? 0) * times]),
      ) as Usage,
  );

test("stating any price of the catalogue gives the same bills and bounds", () => {
  for (const row of catalogue.rows()) {
    const stated = overrideRow(definePrice(formatRow(row)), supplementsOf(row.provider));
    const call = randomCall(usages, weekWithin(row));
    fc.assert(fc.property(call, sameBillOf(row, stated)), { numRuns: 3 });
  }
});

/** A week that ends after the row begins, and begins before it ends. */
function weekWithin({ validFrom = now, validTo = now }: CatalogueRow): number {
  const dayMs = 86_400_000;
  return Math.min(Math.max(now, validFrom - dayMs), validTo - dayMs);
}

test("stating the whole book in force changes no price, under any id that it names", () => {
  const contents = { book: catalogue.book([]), models: catalogue.models(), overrides: [] };
  const texts = pricesInForce(contents, now).map(({ text }) => text);
  assert.ok(texts.length > 1000);
  for (const [provider, own = []] of Object.entries(
    Object.groupBy(texts, (text) => text.provider),
  )) {
    const stated = catalogue.book(own.map((text) => definePrice(text)));
    for (const model of own.flatMap((text) => [text.model, ...(text.aliases ?? [])]))
      assert.deepEqual(
        costsOf(stated, { provider, model }),
        costsOf(contents.book, { provider, model }),
        `${provider}/${model}`,
      );
  }
});

function costsOf(book: PriceBook, { provider, model }: ModelName): readonly unknown[] {
  const sheet = book.sheet({ provider, model, at: now });
  const usage = { input: 300_000, cache_read: 7, output: 11, web_search: 1 };
  return ["standard", "batch"].flatMap((tier) =>
    sheet
      ?.charge({ model, usage }, { serviceTier: tier as "standard" | "batch", at: now })
      .map(({ meter, cost }) => [meter, cost]),
  );
}

test("stating gpt-6-sol at its own price keeps its tiers", () => {
  const row = catalogue
    .rows()
    .find(({ provider, model }) => provider === "openai" && model === "gpt-6-sol");
  assert.ok(row);
  const book = catalogue.book([definePrice(formatRow(row))]);
  const sheet = book.sheet({ provider: "openai", model: "gpt-6-sol", at: now });
  const costs = (input: number, serviceTier: "standard" | "priority" | "batch") =>
    sheet
      ?.charge({ model: null, usage: { input, output: 1_000_000 } }, { serviceTier, at: now })
      .map(({ rate }) => [rate?.perUnit, rate?.source]);
  const usd = (amount: number): bigint => BigInt(amount) * 1_000_000n;
  const inApi = (...rates: readonly number[]) => rates.map((rate) => [usd(rate), "api"]);
  assert.deepEqual(costs(1000, "standard"), inApi(2, 10));
  assert.deepEqual(costs(300_000, "standard"), inApi(4, 15));
  assert.deepEqual(costs(1000, "priority"), inApi(4, 20));
  assert.deepEqual(costs(1000, "batch"), inApi(1, 5));
});
