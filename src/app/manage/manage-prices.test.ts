/** Tests how prices are added. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { makePriceBook } from "../../domain/price/book.ts";
import { LedgerBench, start } from "../port/ledger.test-kit.ts";
import { CurrentPrices } from "./current-prices.ts";
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

test("a price never begins or ends before an earlier change, even if the clock was set back", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  let now = clock.now();
  const setBack = { now: () => now, monotonic: () => now };
  const context = { ledger, clock: setBack, reloadPrices: () => undefined };
  const price = { provider: "p", model: "m", output: "2" };
  const first = await addPrice(context, { ...price, input: "1" });
  now -= 60_000;
  const second = await addPrice(context, { ...price, input: "3" });
  assert.ok(second.setAt > first.setAt, "else it would price the minute before the first one");
  now -= 60_000;
  const { price: removed } = await removePrice(context, second.priceId);
  assert.ok((removed.removedAt ?? 0) > second.setAt, "else it would never have been valid");
  const update = { updateId: "u", source: "list", version: "1", sha256: "", from: "x", rows: [] };
  const at = start + 5_000_000;
  await ledger.commit({ kind: "update_prices", at, update, after: null });
  const third = await addPrice(context, { ...price, input: "4" });
  assert.ok(third.setAt > at);
});

test("a price is used before its entry is on disk", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  let reloads = 0;
  const context = { ledger, clock, reloadPrices: () => void (reloads += 1) };
  const added = addPrice(context, { provider: "p", model: "m", input: "1", output: "2" });
  assert.equal(reloads, 1, "calls held from now on have it");
  await added;
});

test("a new book is made once for each change, and again if the change could not be stored", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  let overrides = ledger.prices();
  let made = 0;
  const prices = new CurrentPrices({
    make: (rows) => {
      made += 1;
      return makePriceBook({ sources: [], overrides: rows, version: "test" });
    },
    declared: [],
    kept: () => ({ overrides, updates: [] }),
  });
  const context = { ledger, clock, reloadPrices: () => prices.reload() };
  const { priceId } = await addPrice(context, {
    provider: "p",
    model: "m",
    input: "1",
    output: "2",
  });
  assert.equal(made, 2, "at the start, and for the price");
  await removePrice(context, priceId);
  assert.equal(made, 3);
  assert.notEqual(ledger.prices()[0]?.removedAt, null);
  await assert.rejects(removePrice(context, "none"), { code: "not_found" });
  assert.equal(made, 3);
  overrides = [];
  prices.reload();
  assert.equal(made, 4, "the ledger has lost the price");
  assert.equal(prices.book.sheet({ provider: "p", model: "m", at: clock.now() }), undefined);
});

test("an invalid price changes nothing", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  const context = { ledger, clock, reloadPrices: () => assert.fail("nothing to reload") };
  const input = { provider: "p", model: "m", input: "-1", output: "2" };
  await assert.rejects(addPrice(context, input), { code: "invalid_request" });
  assert.deepEqual(ledger.prices(), []);
});
