/** Tests corrections of charges. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench, spend, type Bench } from "./api-fixture.test.ts";

const budget = {
  budget_id: "b1",
  budget_type: "project",
  resource_id: "p1",
  amount: "1",
  period: "day",
};

function correct(bench: Bench, id: string, body: object) {
  return bench.call("POST", `/api/v1/entries/${id}/correct`, body);
}

test("an administrator corrects a settled charge, and the entry, the budget and the figures follow", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await spend(bench, "op-1", { project: "p1" });
  const corrected = await correct(bench, "op-1", { amount: "0.25", reason: "the invoice says so" });
  assert.deepEqual(corrected.json, {
    operation_id: "op-1",
    attempt: 1,
    cost_usd: "0.25",
    cost_before_usd: "0.0003",
    repeated: false,
  });
  const [entry] = (await bench.call("GET", "/api/v1/entries")).json.data;
  assert.deepEqual(
    [entry.cost_usd, entry.status, entry.usage.input, entry.usage.output],
    ["0.25", "settled", 100, 20],
  );
  assert.deepEqual(
    entry.charges.map((line: { meter: string; cost_usd: string }) => [line.meter, line.cost_usd]),
    [["correction", "0.25"]],
  );
  assert.deepEqual(entry.correction, {
    at: "2026-03-10T12:00:00Z",
    reason: "the admin key: the invoice says so",
  });
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.spent, "0.25");
  assert.equal((await bench.call("GET", "/api/v1/summary")).json.total_cost, 0.25);
  assert.equal((await bench.reader.verify()).ok, true);
});

test("a repeated correction changes nothing, and another one replaces it", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await spend(bench, "op-1", { project: "p1" });
  const body = { amount: "0.25", reason: "the invoice" };
  await correct(bench, "op-1", body);
  assert.equal((await correct(bench, "op-1", body)).json.repeated, true);
  assert.equal(
    (await correct(bench, "op-1", { ...body, amount: "0" })).json.cost_before_usd,
    "0.25",
  );
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).json.spent, "0");
});

test("an invalid correction is rejected with the field", async (t) => {
  const bench = await openBench(t);
  const [one, two] = [await bench.key({}), await bench.key({})];
  for (const secret of [one, two]) {
    await bench.call("POST", "/api/v1/holds", { operation_id: "same", amount: "0.1" }, secret);
    if (secret === one)
      assert.equal((await correct(bench, "same", { amount: "1", reason: "r" })).status, 409);
    await bench.call("POST", "/api/v1/holds/same/settle", { amount: "0.1" }, secret);
  }
  const ambiguous = await correct(bench, "same", { amount: "1", reason: "r" });
  assert.deepEqual([ambiguous.status, ambiguous.json.field], [409, "key_id"]);
  const [keyId] = (await bench.call("GET", "/api/v1/keys")).json.data.map(
    (key: { key_id: string }) => key.key_id,
  );
  assert.equal(
    (
      await correct(bench, `same/correct?key_id=${keyId}`.replace("/correct", "%2Fcorrect"), {
        amount: "1",
        reason: "r",
      })
    ).status,
    404,
  );
  assert.equal(
    (
      await bench.call("POST", `/api/v1/entries/same/correct?key_id=${keyId}`, {
        amount: "1",
        reason: "r",
      })
    ).status,
    200,
  );
  assert.equal((await correct(bench, "none", { amount: "1", reason: "r" })).status, 404);
  for (const [body, field] of [
    [{ reason: "r" }, "amount"],
    [{ amount: "-1", reason: "r" }, "amount"],
    [{ amount: "1" }, "reason"],
    [{ amount: "1", reason: "r", attempt: 0 }, "attempt"],
  ] as const) {
    const answer = await correct(bench, "same", body);
    assert.deepEqual([answer.status, answer.json.field], [400, field]);
  }
});
