/** Tests when the ledger's file is checked, and what is reported. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PurserError } from "../../domain/error.ts";
import { StoreHealth, type StoreHealthParts } from "./store-health.ts";

function open(change: Partial<StoreHealthParts> = {}) {
  const time = { now: 0 };
  const checks = { count: 0, found: [] as readonly string[] };
  const health = new StoreHealth({
    ledger: { problem: () => null },
    reader: {
      check: async () => {
        checks.count += 1;
        return checks.found;
      },
    },
    clock: { now: () => time.now, monotonic: () => time.now },
    belongings: () => null,
    ...change,
  });
  return { health, time, checks };
}

test("a healthy store has no problems, and is checked again after ten seconds at the earliest", async () => {
  const { health, time, checks } = open();
  assert.deepEqual(await health.problems(), []);
  time.now = 9999;
  await health.problems();
  assert.equal(checks.count, 1);
  time.now = 10_000;
  checks.found = ["page 7"];
  assert.deepEqual(await health.problems(), ["the ledger's file is damaged: page 7"]);
  assert.equal(checks.count, 2);
});

test("a ledger that cannot be written, and a lost record of owners, are problems", async () => {
  const { health } = open({
    ledger: { problem: () => new PurserError("store_unavailable", "the disk is full") },
    belongings: () => new Error("no owners"),
  });
  assert.deepEqual(await health.problems(), ["the disk is full", "no owners"]);
});

test("a check that fails is reported as damage", async () => {
  const reader = { check: () => Promise.reject(new Error("cannot read")) };
  const { health } = open({ reader });
  assert.deepEqual(await health.problems(), ["the ledger's file is damaged: cannot read"]);
});
