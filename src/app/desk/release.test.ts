/** Tests releases of holds over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, counted, DeskBench } from "./desk.test-kit.ts";
import { refusedAs } from "../port/ledger.test-kit.ts";
import { releaseByApi } from "./release.ts";
import { settleByApi } from "./settle.ts";

test("a released hold holds and charges nothing", async (t) => {
  const bench = await DeskBench.open(t);
  await releaseByApi(bench.context, await bench.hold(counted), "not needed");
  assert.deepEqual(await bench.amounts(), { usd: [0n, 0n], tokens: [0n, 0n], requests: [0n, 0n] });
});

test("a release wakes the calls that wait for room", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(counted);
  const { endings } = bench.books.waiting;
  await releaseByApi(bench.context, hold, "not needed");
  assert.equal(bench.books.waiting.endings, endings + 1);
});

test("a repeated release has no effect, and a settled hold is not released", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(amount(5n));
  assert.equal((await releaseByApi(bench.context, hold, "r")).repeated, false);
  assert.equal((await releaseByApi(bench.context, hold, "r")).repeated, true);
  const other = await bench.hold(amount(5n), { operationId: "b" });
  await settleByApi(bench.context, {
    hold: other,
    report: amount(3n),
    byAdministrator: false,
    latencyMs: null,
  });
  await assert.rejects(
    releaseByApi(bench.context, other, "r"),
    refusedAs("conflict", "operation_id"),
  );
  assert.deepEqual((await bench.amounts())["usd"], [3n, 0n]);
});

test("a call in flight at the gateway is not released over the API", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.gatewayCall("g");
  await assert.rejects(
    releaseByApi(bench.context, hold, "r"),
    refusedAs("conflict", "operation_id"),
  );
  assert.equal((await bench.held(hold))?.usd, 40n);
});
