/** Tests that calls over the API reach the observer, and wake the calls that wait for room. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Waiting } from "../app/hold/waiting.ts";
import { model, openBench, type Bench } from "./api-fixture.test.ts";

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

async function counted(bench: Bench): Promise<readonly string[]> {
  const { text } = await bench.call("GET", "/metrics");
  return text
    .split("\n")
    .filter(
      (line) =>
        line.startsWith("purser_refusals_total{") ||
        line.startsWith("purser_thresholds_crossed_total "),
    );
}

test("refusals and thresholds of calls over the API are counted like those of the gateway", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...budget, thresholds: [0.5, 0.9] });
  await bench.call("POST", "/api/v1/holds", hold);
  await bench.call("POST", "/api/v1/holds", { ...hold, operation_id: "h-2" });
  for (let repeat = 0; repeat < 2; repeat++)
    await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0006" });
  assert.deepEqual(await counted(bench), [
    'purser_refusals_total{reason="budget_held"} 1',
    "purser_thresholds_crossed_total 1",
  ]);
  await bench.call("POST", "/api/v1/entries/h-1/correct", {
    amount: "0.00095",
    reason: "the invoice",
  });
  assert.equal((await counted(bench)).at(-1), "purser_thresholds_crossed_total 2");
});

test("a refused top-up is counted as a refusal", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  assert.equal((await bench.call("POST", "/api/v1/holds/h-1/top-up", { amount: "1" })).status, 402);
  assert.match((await counted(bench))[0] ?? "", /^purser_refusals_total\{reason="budget_\w+"\} 1$/);
});

test("a threshold crossed by creating or changing a budget is counted", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", hold);
  await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0006" });
  await bench.call("POST", "/api/v1/budgets", { ...budget, thresholds: [0.5, 0.9] });
  assert.deepEqual(await counted(bench), ["purser_thresholds_crossed_total 1"]);
  await bench.call("PATCH", "/api/v1/budgets/b1", { amount: "0.00065" });
  assert.deepEqual(await counted(bench), ["purser_thresholds_crossed_total 2"]);
  await bench.call("PATCH", "/api/v1/budgets/b1", { amount: "0.00066" });
  assert.deepEqual(await counted(bench), ["purser_thresholds_crossed_total 2"]);
});

/** How often calls that wait were woken by what `act` did. */
async function wakings(
  t: TestContext,
  act: (bench: Bench) => Promise<{ readonly status: number }>,
): Promise<number> {
  const waiting = new Waiting();
  const bench = await openBench(t, { waiting });
  await bench.call("POST", "/api/v1/budgets", budget);
  await bench.call("POST", "/api/v1/holds", hold);
  const { endings } = waiting;
  assert.equal((await act(bench)).status, 200);
  return waiting.endings - endings;
}

test("room made over the API wakes the calls that wait for it", async (t) => {
  assert.equal(
    await wakings(t, (bench) =>
      bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0001" }),
    ),
    1,
  );
  assert.equal(await wakings(t, (bench) => bench.call("POST", "/api/v1/holds/h-1/release", {})), 1);
  assert.equal(
    await wakings(t, (bench) => bench.call("PATCH", "/api/v1/budgets/b1", { amount: "5" })),
    1,
  );
  assert.equal(await wakings(t, (bench) => bench.call("DELETE", "/api/v1/budgets/b1")), 1);
  const correction = { amount: "0.0001", reason: "the invoice" };
  const corrected = async (bench: Bench) => {
    await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0002" });
    return bench.call("POST", "/api/v1/entries/h-1/correct", correction);
  };
  assert.equal(await wakings(t, corrected), 2);
  assert.equal(await wakings(t, (bench) => bench.call("GET", "/api/v1/holds/h-1")), 0);
});
