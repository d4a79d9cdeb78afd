/** Tests holds made over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { refusedAs, start } from "../port/ledger.test-kit.ts";
import { admin, amount, caller, counted, DeskBench, keyOf } from "./desk.test-kit.ts";
import { demandFor, holdByApi } from "./hold.ts";

test("an amount holds that much money, no tokens and one request", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.hold(amount(500n));
  assert.deepEqual(await bench.amounts(), {
    usd: [0n, 500n],
    tokens: [0n, 0n],
    requests: [0n, 1n],
  });
});

test("an estimate holds its whole output at the model's rates", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.hold(counted);
  assert.deepEqual(await bench.amounts(), {
    usd: [0n, 300_000_000n],
    tokens: [0n, 120n],
    requests: [0n, 1n],
  });
});

test("an estimate that does not fit in full is refused, not shortened, and nothing is held", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.books.budget({ budgetId: "small", amount: 299_999_999n });
  const answer = await holdByApi(bench.context, bench.request(counted));
  assert.equal(!answer.admitted && answer.refusal.budgetId, "small");
  assert.deepEqual(await bench.amounts(), { usd: [0n, 0n], tokens: [0n, 0n], requests: [0n, 0n] });
});

test("a refusal is announced once, and an admitted hold is not", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.hold(amount(1n), { operationId: "fits" });
  assert.deepEqual(bench.books.refused, []);
  await holdByApi(bench.context, bench.request(amount(10n ** 15n), { key: admin }));
  assert.deepEqual(
    bench.books.refused.map(({ budgetId, reason }) => [budgetId, reason]),
    [["usd", "budget_held"]],
  );
});

test("web searches are held at their fee, and a model without a price has no rates", async (t) => {
  const { context } = await DeskBench.open(t);
  const sizing = { ...counted, webSearches: 2 };
  const demand = demandFor(context, { provider: "p", model: "m", sizing }, start);
  assert.equal(demand.fixed.usd, 100_000_000n + 2n * 10_000_000_000n);
  for (const model of ["other", "painter"]) {
    const unpriced = demandFor(context, { provider: "p", model, sizing }, start);
    assert.deepEqual([unpriced.fixed.usd, unpriced.perOutputToken], [0n, null], model);
  }
});

test("a hold lapses after its time", async (t) => {
  const bench = await DeskBench.open(t);
  const { operationId } = await bench.hold(counted, { ttlSeconds: 600 });
  assert.equal((await bench.context.ledger.holdOf(operationId))?.expiresAt, start + 600_000);
});

test("a key holds for no longer than the limit, an administrator for any time", async (t) => {
  const bench = await DeskBench.open(t);
  await assert.rejects(
    bench.hold(counted, { ttlSeconds: 601 }),
    refusedAs("invalid_request", "ttl_seconds"),
  );
  for (const [operationId, key] of [
    ["b", admin],
    ["c", null],
  ] as const)
    assert.ok(await bench.hold(counted, { operationId, key, ttlSeconds: 601 }));
});

test("a key holds no more than its share of a budget, an administrator as much as there is", async (t) => {
  const bench = await DeskBench.open(t);
  const half = { ...counted, inputTokens: 4900, maxOutputTokens: 100 };
  await bench.hold(half);
  await assert.rejects(bench.hold(counted, { operationId: "b" }), refusedAs("forbidden", "amount"));
  assert.ok(await bench.hold(half, { operationId: "c", key: admin }));
});

test("a key has no more holds open than its limit", async (t) => {
  const bench = await DeskBench.open(t);
  for (const operationId of ["a", "b", "c"]) await bench.hold(amount(1n), { operationId });
  await assert.rejects(
    bench.hold(amount(1n), { operationId: "d" }),
    refusedAs("forbidden", "operation_id"),
  );
  assert.ok(await bench.hold(amount(1n), { operationId: "d", key: keyOf("k2") }));
});

test("the budgets that a key adds are held in too", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.books.budget({ budgetId: "extra", budgetType: "team", resourceId: "t" });
  await bench.hold(amount(5n), { operationId: "none" });
  await bench.hold(amount(7n), { key: { ...caller, budgets: ["extra"] } });
  assert.deepEqual(await bench.books.amounts("extra"), { extra: [0n, 7n] });
});

test("a repeat of the same request gets the first answer, and nothing is held twice", async (t) => {
  const bench = await DeskBench.open(t);
  const request = bench.request(amount(5n), { attribution: { project: "p", agent: "b" } });
  const first = await holdByApi(bench.context, request);
  const second = await holdByApi(bench.context, {
    ...request,
    attribution: { agent: "b", project: "p", tags: {} },
  });
  assert.deepEqual(
    [first.admitted && first.repeated, second.admitted && second.repeated],
    [false, true],
  );
  assert.deepEqual((await bench.amounts())["usd"], [0n, 5n]);
});

test("another request with the same id is a conflict, and another key's is a hold of its own", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.hold(amount(5n));
  await assert.rejects(bench.hold(amount(6n)), refusedAs("conflict", "operation_id"));
  await assert.rejects(
    bench.hold(amount(5n), { ttlSeconds: 61 }),
    refusedAs("conflict", "operation_id"),
  );
  await bench.hold(amount(6n), { key: keyOf("k2") });
  assert.deepEqual((await bench.amounts())["usd"], [0n, 11n]);
});
