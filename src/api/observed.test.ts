import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench } from "./api-fixture.test.ts";

const hold = { operation_id: "h-1", attribution: { project: "p1" }, ...model, estimate: { input_tokens: 100, max_output_tokens: 50 } };
const budget = { budget_id: "b1", budget_type: "project", resource_id: "p1", amount: "0.001", period: "day" };

test("refusals and thresholds of calls that do not pass the gateway are counted as those that do", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...budget, thresholds: [0.5, 0.9] });
  await bench.call("POST", "/api/v1/holds", hold);
  await bench.call("POST", "/api/v1/holds", { ...hold, operation_id: "h-2" });
  for (let repeat = 0; repeat < 2; repeat++) await bench.call("POST", "/api/v1/holds/h-1/settle", { amount: "0.0006" });
  const counted = async (): Promise<readonly string[]> =>
    (await bench.call("GET", "/metrics")).text
      .split("\n")
      .filter((line) => line.startsWith("purser_refusals_total{") || line.startsWith("purser_thresholds_crossed_total "));
  assert.deepEqual(await counted(), ['purser_refusals_total{reason="budget_held"} 1', "purser_thresholds_crossed_total 1"]);
  await bench.call("POST", "/api/v1/entries/h-1/correct", { amount: "0.00095", reason: "the invoice" });
  assert.equal((await counted()).at(-1), "purser_thresholds_crossed_total 2");
});
