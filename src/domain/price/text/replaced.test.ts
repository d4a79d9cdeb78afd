/** Tests which prices of the configuration are replaced by prices set over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptPrice } from "./kept-price.ts";
import { definePrice, type PriceOverride } from "./override.ts";
import { replacedByApi } from "./replaced.ts";

const now = Date.UTC(2026, 5, 1);
const rates = { provider: "openai", model: "m", input: "1", output: "2" };

function declared(fields: object = {}): PriceOverride {
  return definePrice({ ...rates, ...fields }, { field: "", source: "configuration" });
}

function kept(fields: object = {}, removedAt: number | null = null): KeptPrice {
  return { ...definePrice({ ...rates, ...fields }), priceId: "price_1", setAt: now - 5, removedAt };
}

test("a price over the API replaces one of the same name, while both are valid", () => {
  const replaces = (price: PriceOverride, by: KeptPrice): boolean =>
    replacedByApi([price], [by], now).length === 1;
  assert.equal(replaces(declared(), kept()), true);
  assert.equal(replaces(declared(), kept({ provider: "OpenAI", model: "M" })), true);
  assert.equal(replaces(declared(), kept({ valid_from: "2027-01-01" })), true);
  assert.equal(replaces(declared(), kept({ model: "m*" })), false);
  assert.equal(replaces(declared(), kept({ provider: "azure" })), false);
  assert.equal(replaces(declared(), kept({}, now - 1)), false);
  assert.equal(replaces(declared(), kept({ valid_to: "2026-05-01" })), false);
  assert.equal(replaces(declared({ valid_to: "2026-05-01" }), kept()), false);
  assert.equal(
    replaces(declared({ valid_from: "2027-01-01" }), kept({ valid_to: "2026-12-01" })),
    false,
  );
});

test("the latest of several prices is named", () => {
  const unused = declared({ input: "3" });
  const second = { ...kept(), priceId: "price_2" };
  const [replaced, ...others] = replacedByApi([unused, declared()], [kept(), second], now);
  assert.deepEqual([replaced?.by.priceId, others], ["price_2", []]);
});
