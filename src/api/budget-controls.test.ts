/** Tests `/api/v1/budgets/ID/pause`, `resume` and `extend`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench } from "./api-fixture.test.ts";

const one = { budget_id: "b", budget_type: "platform", amount: "1", period: "day" };
const each = { budget_id: "e", budget_type: "user", resource_id: "*", amount: "1" };

test("a budget is paused with a reason, refuses a hold with it, and is resumed", async (t) => {
  const bench = await openBench(t);
  const hold = (id: string) =>
    bench.call("POST", "/api/v1/holds", { operation_id: id, amount: "0.1" });
  await bench.call("POST", "/api/v1/budgets", one);
  const paused = await bench.call("POST", "/api/v1/budgets/b/pause", { reason: "runaway agent" });
  assert.deepEqual([paused.status, paused.json.paused.reason], [200, "runaway agent"]);
  assert.deepEqual((await bench.call("GET", "/api/v1/budgets/b")).json.paused, paused.json.paused);
  const refused = await hold("h1");
  assert.deepEqual([refused.status, refused.json.code], [402, "budget_paused"]);
  assert.match(refused.json.detail, /it is paused: runaway agent/);
  assert.match(refused.json.remedy, /is resumed/);
  const resumed = await bench.call("POST", "/api/v1/budgets/b/resume");
  assert.deepEqual([resumed.status, resumed.json.paused], [200, null]);
  assert.equal((await hold("h2")).status, 201);
});

test("an extension is shown as granted and can be spent", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", one);
  const { json } = await bench.call("POST", "/api/v1/budgets/b/extend", { amount: "5.00" });
  assert.deepEqual([json.amount, json.granted, json.available], ["1", "5", "6"]);
  const hold = await bench.call("POST", "/api/v1/holds", { operation_id: "h", amount: "6" });
  assert.equal(hold.status, 201);
});

test("one value is paused and extended, and its counter shows it", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", each);
  const ann = { value: "ann" };
  const { json } = await bench.call("POST", "/api/v1/budgets/e/extend", { ...ann, amount: "2" });
  assert.deepEqual([json.granted, json.available], ["2", "3"]);
  assert.equal((await bench.call("POST", "/api/v1/budgets/e/pause", ann)).json.paused.reason, null);
  assert.equal((await bench.call("GET", "/api/v1/budgets/e")).json.paused, null);
  const shown = await bench.call("GET", "/api/v1/budgets/e?value=ann");
  assert.equal(typeof shown.json.paused.since, "string");
});

test("bad input is refused with its field", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", one);
  await bench.call("POST", "/api/v1/budgets", each);
  const refused = async (path: string, body: object) => {
    const { status, json } = await bench.call("POST", `/api/v1/budgets/${path}`, body);
    return [status, json.field, typeof json.remedy];
  };
  for (const amount of ["0", "-1", "x"])
    assert.deepEqual(await refused("b/extend", { amount }), [400, "amount", "string"]);
  assert.deepEqual(await refused("b/extend", {}), [400, "amount", "string"]);
  assert.deepEqual(await refused("e/extend", { amount: "1" }), [400, "value", "string"]);
  assert.deepEqual(await refused("b/pause", { value: "x" }), [400, "value", "string"]);
  assert.deepEqual(await refused("none/pause", {}), [404, "budget_id", "string"]);
  await bench.call("POST", "/api/v1/budgets/e/pause");
  assert.deepEqual(await refused("e/resume", { value: "x" }), [409, "value", "string"]);
});
