/** Tests that exports have every call, however many pages of the ledger they take. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { focusViolations, readRecords } from "../domain/focus/focus-check.test-kit.ts";
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
  for (const more of [99, 1, 1, 99, 1]) {
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

test("a FOCUS row of an ended billing month stays; a later correction is a row of its own", async (t) => {
  const bench = await openBench(t);
  await record(bench, 0, 2);
  const correct = async (id: string, amount: string): Promise<void> => {
    const body = { amount, reason: "the invoice" };
    const { status } = await bench.call("POST", `/api/v1/entries/${id}/correct`, body);
    assert.equal(status, 200);
  };
  await correct("op-0", "0.000003");
  bench.advance(30 * 86_400_000);
  await correct("op-0", "0.000005");
  await correct("op-0", "0.000001");
  await correct("op-1", "0.000004");
  for (const version of ["1.4", "1.2"] as const) {
    const month = async (from: string, to: string): Promise<readonly (readonly string[])[]> => {
      const query = `focus?version=${version}&from=${from}&to=${to}`;
      const { text } = await bench.call("GET", `/api/v1/exports/${query}`);
      assert.deepEqual(focusViolations(text, version), []);
      return readRecords(text)
        .map((row) => [
          row["SubAccountId"] ?? "",
          row["ChargeClass"] ?? "",
          row["ChargePeriodStart"] ?? "",
          row["EffectiveCost"] ?? "",
        ])
        .sort(([left = ""], [right = ""]) => (left < right ? -1 : 1));
    };
    const march = "2026-03-10T00:00:00Z";
    assert.deepEqual(await month("2026-03-01", "2026-04-01"), [
      ["p0", "", march, "0.000003"],
      ["p1", "", march, "0.000001"],
    ]);
    assert.deepEqual(await month("2026-04-01", "2026-05-01"), [
      ["p0", "Correction", "2026-04-09T00:00:00Z", "-0.000002"],
      ["p1", "Correction", "2026-04-09T00:00:00Z", "0.000003"],
    ]);
  }
});
