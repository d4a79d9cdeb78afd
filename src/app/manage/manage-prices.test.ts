/** Tests how prices are added. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import { addPrice, removePrice } from "./manage-prices.ts";

test("an added price is in the ledger before the prices are reloaded", async (t) => {
  const bench = await LedgerBench.open(t);
  const { ledger, clock } = bench;
  const reloaded: number[] = [];
  const context = { ledger, clock, reloadPrices: () => void reloaded.push(ledger.prices().length) };
  const price = await addPrice(context, { provider: "p", model: "m", input: "1", output: "2" });
  assert.deepEqual([ledger.prices(), price.source], [[price], "api"]);
  assert.deepEqual(new Set(reloaded), new Set([1]));
});

test("a price neither begins nor ends in the moment of a call that is held already", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  const context = { ledger, clock, reloadPrices: () => undefined };
  const heldAt = clock.now();
  const { priceId, setAt } = await addPrice(context, {
    provider: "p",
    model: "m",
    input: "1",
    output: "2",
  });
  assert.ok(setAt > heldAt);
  const { price } = await removePrice(context, priceId);
  assert.ok((price.removedAt ?? 0) > heldAt);
});

test("a price is used before its entry is on disk", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  let reloads = 0;
  const context = { ledger, clock, reloadPrices: () => void (reloads += 1) };
  const added = addPrice(context, { provider: "p", model: "m", input: "1", output: "2" });
  assert.equal(reloads, 1, "calls held from now on have it");
  await added;
});

test("an invalid price changes nothing", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  const context = { ledger, clock, reloadPrices: () => assert.fail("nothing to reload") };
  const input = { provider: "p", model: "m", input: "-1", output: "2" };
  await assert.rejects(addPrice(context, input), { code: "invalid_request" });
  assert.deepEqual(ledger.prices(), []);
});
