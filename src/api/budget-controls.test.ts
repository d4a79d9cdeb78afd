/** Tests `/api/v1/budgets/ID/pause`, `resume`, `extend` and `decline`. */

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
  const paused = (await bench.call("POST", "/api/v1/budgets/e/pause", ann)).json;
  assert.deepEqual([paused.value, paused.paused.reason, paused.paused_values], ["ann", null, []]);
  await bench.call("POST", "/api/v1/budgets/e/pause", { value: "abe" });
  const whole = (await bench.call("GET", "/api/v1/budgets/e")).json;
  assert.deepEqual([whole.paused, whole.paused_values], [null, ["abe", "ann"]]);
  const list = (await bench.call("GET", "/api/v1/budgets")).json.data;
  assert.deepEqual(list[0].paused_values, ["abe", "ann"]);
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

test("a question is shown, and declining it refuses holds with the reason", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...each, on_exhausted: "ask", ask_timeout: "1h" });
  const hold = (operation_id: string) =>
    bench.call("POST", "/api/v1/holds", {
      operation_id,
      amount: "2",
      attribution: { user: "ann" },
    });
  const asked = await hold("1");
  assert.deepEqual([asked.status, asked.json.purser.approval_requested], [402, true]);
  const { approval } = (await bench.call("GET", "/api/v1/budgets/e")).json;
  assert.deepEqual(
    [approval.value, approval.needed, approval.available, approval.waiting],
    ["ann", "2", "1", 0],
  );
  const [counter] = (await bench.call("GET", "/api/v1/budgets/e?value=ann")).json.counters;
  assert.deepEqual(counter.approval, approval);
  const ann = { value: "ann", reason: "enough" };
  const unnamed = await bench.call("POST", "/api/v1/budgets/e/decline", {});
  assert.deepEqual([unnamed.status, unnamed.json.field], [400, "value"]);
  const declined = await bench.call("POST", "/api/v1/budgets/e/decline", ann);
  assert.deepEqual([declined.status, declined.json.approval], [200, null]);
  const refused = await hold("2");
  assert.equal(refused.json.code, "approval_declined");
  assert.match(refused.json.detail, /more was declined: enough/);
  assert.equal((await bench.call("POST", "/api/v1/budgets/e/decline", ann)).status, 409);
  await bench.call("POST", "/api/v1/budgets/e/extend", { value: "ann", amount: "1" });
  assert.equal((await hold("3")).status, 201);
});

test("a budget stops asking, and the time to answer goes with it", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/budgets", {
    ...one,
    on_exhausted: "ask",
    reserve_for_closing: "0.20",
  });
  assert.deepEqual(
    [made.json.on_exhausted, made.json.ask_timeout, made.json.reserve_for_closing],
    ["ask", "10m", "0.2"],
  );
  const { json } = await bench.call("PATCH", "/api/v1/budgets/b", { on_exhausted: "refuse" });
  assert.deepEqual(
    [json.on_exhausted, json.ask_timeout, json.reserve_for_closing],
    ["refuse", null, "0.2"],
  );
});

test("a closing hold uses the reserve, and names its run", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", { ...one, reserve_for_closing: "0.20" });
  const hold = (operation_id: string, more: object) =>
    bench.call("POST", "/api/v1/holds", { operation_id, amount: "0.1", ...more });
  await hold("most", { amount: "0.8" });
  const ordinary = await hold("1", {});
  assert.deepEqual([ordinary.status, ordinary.json.purser.available], [402, "0"]);
  assert.match(ordinary.json.remedy, /one closing call .* 0\.2 USD is kept/);
  const unnamed = await hold("2", { closing: true });
  assert.deepEqual([unnamed.status, unnamed.json.field], [400, "closing"]);
  const run = { closing: true, attribution: { task: "t" } };
  assert.equal((await hold("3", run)).status, 201);
  const again = await hold("4", run);
  assert.deepEqual([again.status, again.json.code], [402, "closing_used"]);
});
