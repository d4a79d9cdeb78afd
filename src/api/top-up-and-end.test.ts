/** Tests the price of top-ups, and which calls can be ended over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { aHold } from "../domain/ledger/desk.test-kit.ts";
import { pico } from "../domain/money/money.ts";
import { makePriceBook } from "../domain/price/book.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";
import { model, openBench } from "./api-fixture.test.ts";

const hold = {
  operation_id: "h-1",
  attribution: { project: "p1" },
  ...model,
  estimate: { input_tokens: 100, max_output_tokens: 50 },
};
const budget = {
  budget_id: "b1",
  budget_type: "project",
  resource_id: "p1",
  amount: "0.001",
  period: "day",
};

test("output added to a hold is priced at the held context size", async (t) => {
  const row: CatalogueRow = {
    ...model,
    ids: { equals: model.model },
    rates: { input: pico(1_000_000n), output: pico(10_000_000n) },
    contextTiers: [{ tokens: 120, inclusive: false, rates: { output: pico(30_000_000n) } }],
    cacheWrites: "asked",
    source: "test",
    version: "1",
  };
  const book = makePriceBook({ sources: [() => [row]], version: "test" });
  const bench = await openBench(t, { prices: () => book });
  await bench.call("POST", "/api/v1/budgets", { ...budget, amount: "1" });
  const held = await bench.call("POST", "/api/v1/holds", hold);
  assert.deepEqual([held.json.held.usd, held.json.held.tokens], ["0.0006", "150"]);
  const more = await bench.call("POST", "/api/v1/holds/h-1/top-up", { output_tokens: 10 });
  assert.equal(more.json.held.usd, "0.0009");
});

test("a call in flight at the gateway cannot be topped up, settled or released over the API", async (t) => {
  const bench = await openBench(t);
  const expiresAt = bench.now() + 60_000;
  await bench.ledger.commit(aHold("g-1", 10n, { at: bench.now(), expiresAt }));
  for (const [end, body] of [
    ["top-up", { amount: "1" }],
    ["settle", { amount: "1" }],
    ["release", undefined],
  ] as const) {
    const refused = await bench.call("POST", `/api/v1/holds/g-1/${end}`, body);
    assert.deepEqual([end, refused.status, refused.json.field], [end, 409, "operation_id"]);
  }
  assert.equal((await bench.ledger.holdOf("g-1"))?.amount.usd, 10n);
});

test("a hold settled without a latency takes the time since it was created", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", hold);
  bench.advance(1234);
  await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0001" });
  const { json } = await bench.call("GET", "/api/v1/entries");
  assert.equal(json.data[0].latency_ms, 1234);
});
