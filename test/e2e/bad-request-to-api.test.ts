/**
 * Invalid input to the control plane: a problem that names the field and the remedy, and no change.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { startGateway, type GatewayProcess } from "./process.ts";
import { always } from "./settings.ts";

let gateway: GatewayProcess;

before(async () => {
  gateway = await startGateway();
});

test("invalid budgets, keys and prices: the error names the field and the remedy", async () => {
  const budget = {
    budget_id: "bad",
    budget_type: "project",
    resource_id: "p",
    amount: "5",
    period: "month",
  };
  const bad: readonly (readonly [path: string, body: unknown, field: string])[] = [
    ["budgets", { ...budget, amount: "NaN" }, "amount"],
    ["budgets", { ...budget, amount: "1e30" }, "amount"],
    ["budgets", { ...budget, amount: `1${"0".repeat(30)}` }, "amount"],
    ["budgets", { ...budget, amount: "-1" }, "amount"],
    ["budgets", { ...budget, amount: "0.0000000000001" }, "amount"],
    ["budgets", { ...budget, time_zone: "Europe/Nowhere" }, "time_zone"],
    ["budgets", { ...budget, parent_budget_id: "no-such" }, "parent_budget_id"],
    ["budgets", { ...budget, parent_budget_id: "bad" }, "parent_budget_id"],
    ["budgets", { ...budget, period: "fortnight" }, "period"],
    ["budgets", { ...budget, budget_type: "galaxy" }, "budget_type"],
    ["budgets", { ...budget, amuont: "5" }, "amuont"],
    ["keys", { name: "k", role: "god" }, "role"],
    ["keys", { name: "k", attribution: { project: "a\nb" } }, "attribution.project"],
    ["prices", { provider: "openai", model: "m", input: "-1", output: "1" }, "input"],
    ["prices", { provider: "openai", model: "m", input: "NaN", output: "1" }, "input"],
  ];
  for (const [where, body, field] of bad) {
    const answer = await gateway.api("POST", `/api/v1/${where}`, { body });
    assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${JSON.stringify(answer.json)}`);
    assert.equal(answer.json["field"], field, JSON.stringify(answer.json));
    assert.ok(String(answer.json["remedy"]).length > 5, JSON.stringify(answer.json));
  }
  for (const body of ["{", "[]", '{"amount":NaN}', '{"budget_id":"x","budget_id":"y"}']) {
    assert.equal((await gateway.api("POST", "/api/v1/budgets", { body })).status, 400, body);
  }
});

test("a budget that would be its own ancestor", async () => {
  const tree = { budget_type: "project", amount: "5", ...always };
  await gateway.makeBudget({ budget_id: "top", resource_id: "a", ...tree });
  await gateway.makeBudget({
    budget_id: "mid",
    resource_id: "b",
    parent_budget_id: "top",
    ...tree,
  });
  await gateway.makeBudget({
    budget_id: "low",
    resource_id: "c",
    parent_budget_id: "mid",
    ...tree,
  });
  for (const parent of ["top", "mid", "low"]) {
    const answer = await gateway.api("PATCH", "/api/v1/budgets/top", {
      body: { parent_budget_id: parent },
    });
    assert.deepEqual([answer.status, answer.json["field"]], [400, "parent_budget_id"]);
  }
  assert.equal((await gateway.budget("top"))["parent_budget_id"], null);
});
