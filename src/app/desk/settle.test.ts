/** Tests settlements of holds over the API. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { anOutcome } from "../../domain/ledger/desk.test-kit.ts";
import { amount, counted, DeskBench, usage } from "./desk.test-kit.ts";
import { refusedAs } from "../port/ledger.test-kit.ts";
import type { FoundHold } from "./find-hold.ts";
import { releaseByApi } from "./release.ts";
import { settleByApi, type CostReport, type SettleRequest } from "./settle.ts";

async function open(t: TestContext) {
  const bench = await DeskBench.open(t);
  const settle = (hold: FoundHold, report: CostReport, change: Partial<SettleRequest> = {}) =>
    settleByApi(bench.context, {
      hold,
      report,
      byAdministrator: false,
      latencyMs: null,
      ...change,
    });
  return { bench, settle };
}

test("an amount charges that much money, no tokens and one request", async (t) => {
  const { bench, settle } = await open(t);
  await settle(await bench.hold(amount(500n)), amount(300n));
  assert.deepEqual(await bench.amounts(), {
    usd: [300n, 0n],
    tokens: [0n, 0n],
    requests: [1n, 0n],
  });
  const { charges, usage: used, reportedCost, status, flags } = await bench.books.lastCall();
  assert.deepEqual(charges, [{ model: "m", meter: "reported_cost", quantity: 1, cost: 300n }]);
  assert.deepEqual([used, reportedCost, status, flags], [{}, 300n, "settled", []]);
});

test("the end of a call is announced once, and a correction is not", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.hold(counted);
  await settle(hold, usage);
  await settle(hold, usage);
  assert.deepEqual([bench.books.ended, bench.books.unpriced], [["p settled"], []]);
  const other = await bench.hold(amount(500n), { operationId: "b", model: "unknown" });
  await settle(other, { ...usage, model: null });
  assert.deepEqual(bench.books.unpriced, ["unknown"]);
  const lost = await bench.gatewayCall("lost");
  const outcome = anOutcome(40n, { status: "unresolved" });
  await bench.context.ledger.commit({
    kind: "settle",
    at: bench.context.clock.now(),
    operationId: lost.operationId,
    attempt: lost.attempt,
    outcome,
    fingerprint: null,
  });
  await settle({ ...lost, status: "unresolved" }, amount(3n), { byAdministrator: true });
  assert.deepEqual(bench.books.ended, ["p settled", "p settled"]);
});

test("usage is charged at the prices of the book", async (t) => {
  const { bench, settle } = await open(t);
  await settle(await bench.hold(counted), usage);
  assert.deepEqual(await bench.amounts(), {
    usd: [190_000_000n, 0n],
    tokens: [100n, 0n],
    requests: [1n, 0n],
  });
  const { priceVersion } = await bench.books.lastCall();
  assert.equal(priceVersion, bench.context.prices().version);
});

test("usage of another model than the requested one is charged as that model", async (t) => {
  const { bench, settle } = await open(t);
  await settle(await bench.hold(counted), { ...usage, model: "dear" });
  const { model, cost } = await bench.books.lastCall();
  assert.deepEqual([model, cost], ["dear", 90_000_000n + 1_000_000_000n]);
});

test("a cost reported by a provider that documents it as billed is the charge", async (t) => {
  for (const [provider, cost] of [
    ["billing", 180_000_000n],
    ["p", 190_000_000n],
  ] as const) {
    const { bench, settle } = await open(t);
    const hold = await bench.hold(counted, { provider });
    await settle(hold, { ...usage, reportedCost: pico(180_000_000n) });
    const row = await bench.books.lastCall();
    assert.deepEqual([row.cost, row.reportedCost], [cost, 180_000_000n]);
    assert.equal(row.computedCost, provider === "billing" ? 190_000_000n : undefined);
  }
});

test("the latency is what the caller measured, or else the time since the hold", async (t) => {
  for (const [latencyMs, expected] of [
    [12, 12],
    [null, 3000],
  ] as const) {
    const { bench, settle } = await open(t);
    const hold = await bench.hold(counted);
    bench.books.pass(3000);
    await settle(hold, usage, { latencyMs });
    assert.equal((await bench.books.lastCall()).latencyMs, expected);
  }
});

test("a hold that has lapsed is still charged", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.hold(counted, { ttlSeconds: 60 });
  bench.books.pass(61_000);
  await bench.context.ledger.commit({ kind: "expire", at: bench.context.clock.now() });
  assert.deepEqual((await bench.amounts())["usd"], [0n, 0n]);
  await settle({ ...hold, status: "released" }, usage);
  assert.deepEqual((await bench.amounts())["usd"], [190_000_000n, 0n]);
});

test("a repeat with the same report is charged once, with another it is a conflict", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.hold(amount(500n));
  assert.equal((await settle(hold, amount(300n))).repeated, false);
  assert.equal((await settle(hold, amount(300n))).repeated, true);
  await assert.rejects(settle(hold, amount(301n)), refusedAs("conflict", "operation_id"));
  assert.deepEqual((await bench.amounts())["usd"], [300n, 0n]);
});

test("a released hold is not settled", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.hold(amount(500n));
  await releaseByApi(bench.context, hold, "r");
  await assert.rejects(settle(hold, amount(1n)), refusedAs("conflict", "operation_id"));
  assert.deepEqual((await bench.amounts())["usd"], [0n, 0n]);
});

test("a caller settles within its hold and what is left, an administrator at any cost", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.hold(amount(500n));
  const dear = amount(10n ** 15n + 1n);
  await assert.rejects(settle(hold, dear), refusedAs("forbidden", "amount"));
  await settle(hold, dear, { byAdministrator: true });
  assert.equal((await bench.amounts())["usd"]?.[0], 10n ** 15n + 1n);
});

test("a call in flight at the gateway is not settled over the API, not even by an administrator", async (t) => {
  const { bench, settle } = await open(t);
  const hold = await bench.gatewayCall("g");
  await assert.rejects(
    settle(hold, usage, { byAdministrator: true }),
    refusedAs("conflict", "operation_id"),
  );
  assert.equal((await bench.held(hold))?.usd, 40n);
});

test("a call metered at the gateway is settled again by an administrator only", async (t) => {
  const { bench, settle } = await open(t);
  const hold = { ...(await bench.gatewayCall("g")), status: "estimated" } as const;
  await assert.rejects(settle(hold, usage), refusedAs("forbidden", "operation_id"));
  assert.equal((await settle(hold, usage, { byAdministrator: true })).cost.usd, 190_000_000n);
});

test("a settlement announces the thresholds it crossed, and wakes the calls that wait", async (t) => {
  const { bench, settle } = await open(t);
  const thresholds = [{ partsPerMillion: 500_000, action: "notify" }] as const;
  await bench.books.budget({ budgetId: "watched", amount: 600n, thresholds });
  const first = await bench.hold(amount(300n));
  const { endings } = bench.books.waiting;
  await settle(first, amount(299n));
  assert.deepEqual([bench.books.crossed, bench.books.waiting.endings], [[], endings + 1]);
  await settle(await bench.hold(amount(300n), { operationId: "b" }), amount(1n));
  assert.deepEqual(
    bench.books.crossed.map(({ counter }) => counter.budgetId),
    ["watched"],
  );
});
