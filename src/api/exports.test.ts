/** Tests that exports have every call, however many pages of the ledger they take. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecords } from "../domain/focus/focus-check.test-kit.ts";
import { parseUsd } from "../domain/money/money.ts";
import { model, openBench, type Bench } from "./api-fixture.test.ts";

/** Records calls of a millionth of a dollar each. */
async function record(bench: Bench, first: number, count: number): Promise<void> {
  const data = Array.from({ length: count }, (_, index) => ({
    operation_id: `op-${first + index}`,
    ...model,
    amount_usd: "0.000001",
    attribution: { project: `p${index % 3}` },
  }));
  const { status, json } = await bench.call("POST", "/api/v1/usage", { data });
  assert.deepEqual([status, json.recorded], [200, count]);
}

async function exported(bench: Bench, query: string): Promise<readonly Record<string, string>[]> {
  const answer = await bench.call("GET", `/api/v1/exports/${query}`);
  assert.equal(answer.status, 200);
  return readRecords(answer.text);
}

test("each call is exported once, at the edges of pages too", async (t) => {
  const bench = await openBench(t);
  let calls = 0;
  for (const more of [249, 1, 1, 249, 1]) {
    await record(bench, calls, more);
    calls += more;
    const rows = await exported(bench, "csv");
    assert.equal(new Set(rows.map((row) => row["operation_id"])).size, calls);
    assert.equal(rows.length, calls);
    const focus = await exported(bench, "focus?period=hour");
    const spent = focus.reduce((sum, row) => sum + parseUsd(row["EffectiveCost"] ?? ""), 0n);
    assert.equal(spent, BigInt(calls) * 1_000_000n);
  }
});
