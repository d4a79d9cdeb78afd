/** Tests corrections of charges. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { pico } from "../../domain/money/money.ts";
import { correctCharge, type CorrectionRequest } from "./correct-charge.ts";
import { amount, counted, DeskBench, keyOf, usage } from "./desk.test-kit.ts";
import { refusedAs } from "../port/ledger.test-kit.ts";
import { releaseByApi } from "./release.ts";
import { settleByApi } from "./settle.ts";

async function open(t: TestContext) {
  const bench = await DeskBench.open(t);
  const correct = (usd: bigint, change: Partial<CorrectionRequest> = {}) =>
    correctCharge(bench.context, {
      operationId: "a",
      amount: pico(usd),
      reason: "the invoice",
      ...change,
    });
  const settled = { byAdministrator: false, latencyMs: 7 };
  return { bench, correct, settled };
}

test("a correction replaces the charge, and keeps tokens, flags and latency", async (t) => {
  const { bench, correct, settled } = await open(t);
  const hold = await bench.hold(counted);
  await settleByApi(bench.context, { hold, report: usage, ...settled });
  await correct(100n);
  assert.deepEqual(await bench.amounts(), {
    usd: [100n, 0n],
    tokens: [100n, 0n],
    requests: [1n, 0n],
  });
  const row = await bench.books.lastCall();
  assert.deepEqual(
    [row.cost, row.usage, row.latencyMs, row.correction?.reason],
    [100n, { input: 90, output: 10 }, 7, "the invoice"],
  );
  assert.deepEqual(row.charges, [{ model: "m", meter: "correction", quantity: 1, cost: 100n }]);
});

test("a repeat of the same correction has no effect", async (t) => {
  const { bench, correct, settled } = await open(t);
  const hold = await bench.hold(counted);
  await settleByApi(bench.context, { hold, report: usage, ...settled });
  assert.equal((await correct(100n)).answer.repeated, false);
  assert.equal((await correct(100n)).answer.repeated, true);
  assert.equal((await correct(101n)).answer.repeated, false);
  assert.deepEqual((await bench.amounts())["usd"], [101n, 0n]);
});

test("a released call can be charged by a correction", async (t) => {
  const { bench, correct } = await open(t);
  await releaseByApi(bench.context, await bench.hold(counted), "r");
  await correct(100n);
  assert.deepEqual((await bench.amounts())["usd"], [100n, 0n]);
});

test("an unknown call is not found, and one in flight is a conflict", async (t) => {
  const { bench, correct } = await open(t);
  await assert.rejects(correct(1n), refusedAs("not_found", "operation_id"));
  await bench.hold(counted);
  await assert.rejects(correct(1n), refusedAs("conflict", "operation_id"));
});

test("if an id names calls of several keys, the key must be given", async (t) => {
  const { bench, correct } = await open(t);
  for (const key of [keyOf("k1"), keyOf("k2")])
    await releaseByApi(bench.context, await bench.hold(amount(5n), { key }), "r");
  await assert.rejects(correct(1n), refusedAs("conflict", "key_id"));
  assert.equal((await correct(1n, { keyId: "k2" })).call.route.keyId, "k2");
  await assert.rejects(correct(1n, { keyId: "k3" }), refusedAs("not_found", "operation_id"));
});

test("if a call has several attempts, the attempt must be given", async (t) => {
  const { bench, correct } = await open(t);
  const release = { kind: "release", operationId: "g", reason: "r" } as const;
  for (const attempt of [1, 2]) {
    await bench.gatewayCall("g");
    const at = bench.context.clock.now();
    await bench.context.ledger.commit({ ...release, at, attempt });
  }
  await assert.rejects(correct(1n, { operationId: "g" }), refusedAs("conflict", "attempt"));
  assert.equal((await correct(1n, { operationId: "g", attempt: 2 })).call.attempt, 2);
});

test("a correction announces the thresholds it crossed, and wakes the calls that wait", async (t) => {
  const { bench, correct } = await open(t);
  const thresholds = [{ partsPerMillion: 500_000, action: "notify" }] as const;
  await bench.books.budget({ budgetId: "watched", amount: 600n, thresholds });
  await releaseByApi(bench.context, await bench.hold(amount(5n)), "r");
  const { endings } = bench.books.waiting;
  await correct(300n);
  assert.equal(bench.books.waiting.endings, endings + 1);
  assert.deepEqual(
    bench.books.crossed.map(({ counter }) => counter.budgetId),
    ["watched"],
  );
});
