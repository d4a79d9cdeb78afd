/** Tests which hold an operation id refers to, for a key and for an administrator. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { admin, amount, counted, DeskBench, keyOf } from "./desk.test-kit.ts";
import { refusedAs } from "../port/ledger.test-kit.ts";
import { findAnyHold, findHold } from "./find-hold.ts";
import { releaseByApi } from "./release.ts";
import { settleByApi } from "./settle.ts";

test("a key finds its own holds only", async (t) => {
  const bench = await DeskBench.open(t);
  const own = await bench.hold(counted);
  assert.equal((await findHold(bench.context, "a", "k1")).operationId, own.operationId);
  await assert.rejects(findHold(bench.context, "a", "k2"), refusedAs("not_found", "operation_id"));
  await assert.rejects(findHold(bench.context, "b", "k1"), refusedAs("not_found", "operation_id"));
});

test("a call whose id the gateway generated is found by its key only", async (t) => {
  const bench = await DeskBench.open(t);
  await bench.gatewayCall("made-up", "k1");
  assert.equal((await findHold(bench.context, "made-up", "k1")).operationId, "made-up");
  await assert.rejects(
    findHold(bench.context, "made-up", "k2"),
    refusedAs("not_found", "operation_id"),
  );
});

test("a hold that has ended is found with its status and its last attempt", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(amount(5n));
  assert.equal((await findHold(bench.context, "a", "k1")).status, null);
  await releaseByApi(bench.context, hold, "r");
  assert.equal((await findHold(bench.context, "a", "k1")).status, "released");
  const settled = await bench.hold(amount(5n), { operationId: "b" });
  const report = amount(3n);
  const ended = { byAdministrator: false, latencyMs: null };
  await settleByApi(bench.context, { hold: settled, report, ...ended });
  const found = await findHold(bench.context, "b", "k1");
  assert.deepEqual([found.status, found.attempt, found.at], ["settled", 1, settled.at]);
});

test("an administrator finds the only hold with an id, and its own before all others", async (t) => {
  const bench = await DeskBench.open(t);
  const own = await bench.hold(counted);
  assert.equal((await findAnyHold(bench.context, "a", admin)).operationId, own.operationId);
  await assert.rejects(
    findAnyHold(bench.context, "b", admin),
    refusedAs("not_found", "operation_id"),
  );
  await bench.hold(counted, { key: keyOf("k2") });
  await assert.rejects(findAnyHold(bench.context, "a", admin), refusedAs("conflict", "key_id"));
  const mine = await bench.hold(counted, { key: admin });
  assert.equal((await findAnyHold(bench.context, "a", admin)).operationId, mine.operationId);
});

test("several attempts of one operation are one hold to an administrator, ended or open", async (t) => {
  const bench = await DeskBench.open(t);
  const hold = await bench.hold(amount(5n));
  await releaseByApi(bench.context, hold, "r");
  const found = await findAnyHold(bench.context, "a", admin);
  assert.deepEqual([found.operationId, found.status], [hold.operationId, "released"]);
  await bench.gatewayCall("g");
  const at = bench.context.clock.now();
  await bench.context.ledger.commit({
    kind: "release",
    at,
    operationId: "g",
    attempt: 1,
    reason: "r",
  });
  await bench.gatewayCall("g");
  const second = await findAnyHold(bench.context, "g", admin);
  assert.deepEqual([second.attempt, second.status], [2, null]);
});
