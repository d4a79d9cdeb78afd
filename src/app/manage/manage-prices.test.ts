/** Tests how prices are added. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LedgerBench } from "../port/ledger.test-kit.ts";
import { addPrice } from "./manage-prices.ts";

test("an added price is in the ledger before the prices are reloaded", async (t) => {
  const bench = await LedgerBench.open(t);
  const { ledger, clock } = bench;
  const reloaded: number[] = [];
  const context = { ledger, clock, reloadPrices: () => void reloaded.push(ledger.prices().length) };
  const price = await addPrice(context, { provider: "p", model: "m", input: "1", output: "2" });
  assert.deepEqual([ledger.prices(), price.source, reloaded], [[price], "api", [1]]);
});

test("an invalid price changes nothing", async (t) => {
  const { ledger, clock } = await LedgerBench.open(t);
  const context = { ledger, clock, reloadPrices: () => assert.fail("nothing to reload") };
  const input = { provider: "p", model: "m", input: "-1", output: "2" };
  await assert.rejects(addPrice(context, input), { code: "invalid_request" });
  assert.deepEqual(ledger.prices(), []);
});
