/** Tests `/api/v1/budgets` and `/api/v1/alerts`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench, spend } from "./api-fixture.test.ts";

const project = {
  budget_id: "b1",
  budget_type: "project",
  resource_id: "p1",
  amount: "1.50",
  period: "day",
};

test("a budget is created, read, changed, listed and deleted", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/budgets", project);
  assert.equal(made.status, 201);
  const { json } = await bench.call("GET", "/api/v1/budgets/b1");
  assert.deepEqual(
    [json.amount, json.currency, json.period, json.policy, json.warning_threshold],
    ["1.5", "USD", "day", "hard", 0.8],
  );
  assert.deepEqual(json.window, { start: "2026-03-10T00:00:00Z", end: "2026-03-11T00:00:00Z" });
  assert.deepEqual([json.spent, json.held, json.available, json.overrun], ["0", "0", "1.5", "0"]);

  assert.equal((await bench.call("POST", "/api/v1/budgets", project)).json.code, "conflict");
  const changed = await bench.call("PATCH", "/api/v1/budgets/b1", {
    amount: "2",
    thresholds: [0.5, 1],
    time_zone: "Europe/Berlin",
  });
  assert.deepEqual(
    [changed.status, changed.json.amount, changed.json.warning_threshold],
    [200, "2", 0.5],
  );
  assert.equal(changed.json.window.start, "2026-03-09T23:00:00Z");

  const list = await bench.call("GET", "/api/v1/budgets");
  assert.deepEqual(
    list.json.data.map((budget: { budget_id: string }) => budget.budget_id),
    ["b1"],
  );
  assert.deepEqual((await bench.call("DELETE", "/api/v1/budgets/b1")).json, {
    budget_id: "b1",
    deleted: true,
  });
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1")).status, 404);
  assert.equal((await bench.call("DELETE", "/api/v1/budgets/b1")).status, 404);
  assert.equal((await bench.call("PATCH", "/api/v1/budgets/b1", {})).status, 404);
});

test("a platform budget needs no resource_id, and the error for any other names the field", async (t) => {
  const bench = await openBench(t);
  const made = await bench.call("POST", "/api/v1/budgets", {
    budget_id: "all",
    budget_type: "platform",
    amount: "10",
  });
  assert.deepEqual([made.status, made.json.resource_id], [201, "main"]);
  const missing = await bench.call("POST", "/api/v1/budgets", {
    budget_id: "b",
    budget_type: "team",
    amount: "10",
  });
  assert.deepEqual([missing.status, missing.json.field], [400, "resource_id"]);
  assert.match(missing.json.remedy, /the team to limit/);
});

test("changing the period resets the anchor, and null resets a field to its default", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    ...project,
    period: "month",
    anchor: 15,
    models: ["m*"],
  });
  const changed = await bench.call("PATCH", "/api/v1/budgets/b1", { period: "week", models: null });
  assert.deepEqual(
    [changed.status, changed.json.period, changed.json.anchor, changed.json.models],
    [200, "week", 1, null],
  );
  assert.equal(
    (await bench.call("PATCH", "/api/v1/budgets/b1", { budget_id: "b2" })).json.field,
    "budget_id",
  );
});

test("amounts spent and held are shown in a budget and in its parent", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
  });
  await bench.call("POST", "/api/v1/budgets", { ...project, parent_budget_id: "all" });
  assert.equal((await spend(bench, "one", { project: "p1" })).status, 200);
  await bench.call("POST", "/api/v1/holds", {
    operation_id: "two",
    attribution: { project: "p1" },
    amount: "0.5",
  });
  for (const [id, available] of [
    ["b1", "0.9997"],
    ["all", "9.4997"],
  ] as const) {
    const { json } = await bench.call("GET", `/api/v1/budgets/${id}`);
    assert.deepEqual([json.spent, json.held, json.available], ["0.0003", "0.5", available]);
  }
  assert.equal((await bench.call("DELETE", "/api/v1/budgets/all")).json.code, "conflict");
});

test("counters are sorted by use, held amounts included, and then by value", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "each",
    budget_type: "user",
    resource_id: "*",
    amount: "1",
    period: "day",
  });
  for (const [id, user] of ["dora", "bob", "carol", "bob", "alice"].entries())
    await spend(bench, String(id), { user });
  await bench.call("POST", "/api/v1/holds", {
    operation_id: "h",
    attribution: { user: "carol" },
    ...model,
    amount: "0.5",
  });
  const { json } = await bench.call("GET", "/api/v1/budgets/each");
  assert.deepEqual(
    json.counters.map(({ value }: { readonly value: string }) => value),
    ["carol", "bob", "alice", "dora"],
  );
});

test("a budget for every value has a counter per value, paged, and one value can be shown alone", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "each",
    budget_type: "user",
    resource_id: "*",
    amount: "0.001",
    period: "day",
  });
  for (const [id, user] of [
    ["1", "alice"],
    ["2", "bob"],
    ["3", "alice"],
  ] as const)
    await spend(bench, id, { user });
  const first = await bench.call("GET", "/api/v1/budgets/each?limit=1");
  assert.deepEqual([first.json.spent, first.json.available], ["0.0009", null]);
  assert.deepEqual(first.json.counters, [
    {
      value: "alice",
      spent: "0.0006",
      held: "0",
      available: "0.0004",
      overrun: "0",
      available_for_ordinary_calls: null,
      granted: "0",
      paused: null,
      approval: null,
    },
  ]);
  const second = await bench.call(
    "GET",
    `/api/v1/budgets/each?limit=1&cursor=${first.json.next_cursor}`,
  );
  assert.deepEqual([second.json.counters[0].value, second.json.next_cursor], ["bob", null]);

  const alice = await bench.call("GET", "/api/v1/budgets/each?value=alice");
  assert.deepEqual(
    [alice.json.value, alice.json.spent, alice.json.available],
    ["alice", "0.0006", "0.0004"],
  );
  const unseen = await bench.call("GET", "/api/v1/budgets/each?value=carol");
  assert.deepEqual([unseen.json.spent, unseen.json.available], ["0", "0.001"]);
  await bench.call("POST", "/api/v1/budgets", project);
  assert.equal((await bench.call("GET", "/api/v1/budgets/b1?value=x")).json.field, "value");
});

test("after a change of what a budget counts, and in a new budget, the window includes earlier calls", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", project);
  await spend(bench, "one", { project: "p1", team: "t1" });
  await spend(bench, "two", { project: "p2", team: "t1" });
  await bench.call("POST", "/api/v1/holds", {
    operation_id: "open",
    amount: "0.1",
    attribution: { project: "p1", team: "t1" },
    ...model,
  });
  const changes: readonly (readonly [object, string, string])[] = [
    [{ time_zone: "Europe/Berlin" }, "0.0003", "0.1"],
    [{ period: "month" }, "0.0003", "0.1"],
    [{ anchor: 10 }, "0.0003", "0.1"],
    [{ period: "once", end: "2026-04-01T00:00:00Z" }, "0.0003", "0.1"],
    [{ start: "2026-03-10T00:00:00Z" }, "0.0003", "0.1"],
    [{ start: "2026-03-10T12:00:01Z", end: "2026-05-01T00:00:00Z" }, "0", "0"],
    [{ start: null, end: "2026-05-01T00:00:00Z" }, "0.0003", "0.1"],
    [{ budget_type: "team", resource_id: "t1", period: "day" }, "0.0006", "0.1"],
    [{ resource_id: "*" }, "0.0006", "0.1"],
    [{ models: ["other*"] }, "0", "0"],
    [{ models: null, providers: [model.provider] }, "0.0006", "0.1"],
  ];
  for (const [change, spent, held] of changes) {
    const { json } = await bench.call("PATCH", "/api/v1/budgets/b1", change);
    assert.deepEqual([json.spent, json.held], [spent, held], JSON.stringify(change));
  }
  const late = await bench.call("POST", "/api/v1/budgets", {
    budget_id: "late",
    budget_type: "platform",
    amount: "0.1005",
    period: "day",
  });
  assert.deepEqual(
    [late.json.spent, late.json.held, late.json.available],
    ["0.0006", "0.1", "-0.0001"],
  );
  assert.equal(
    (await bench.call("POST", "/api/v1/holds", { operation_id: "more", amount: "0.00001" })).status,
    402,
  );
});

test("a budget that has always been open has a window without a start", async (t) => {
  const bench = await openBench(t);
  const once = {
    budget_id: "once",
    budget_type: "platform",
    amount: "1",
    end: "2026-04-01T00:00:00Z",
  };
  assert.deepEqual((await bench.call("POST", "/api/v1/budgets", once)).json.window, {
    start: null,
    end: "2026-04-01T00:00:00Z",
  });
});

test("a budget for every value ignores calls without a value, unless configured to count them", async (t) => {
  const bench = await openBench(t);
  const each = { budget_type: "user", resource_id: "*", amount: "1" };
  const made = await bench.call("POST", "/api/v1/budgets", { ...each, budget_id: "each" });
  const counting = await bench.call("POST", "/api/v1/budgets", {
    ...each,
    budget_id: "counting",
    unattributed: "count",
  });
  assert.deepEqual([made.json.unattributed, counting.json.unattributed], ["ignore", "count"]);
  await spend(bench, "one", {});
  const { json } = await bench.call("GET", "/api/v1/budgets/counting");
  assert.deepEqual(
    json.counters.map(({ value }: { value: string }) => value),
    ["unattributed"],
  );
  assert.deepEqual((await bench.call("GET", "/api/v1/budgets/each")).json.counters, []);
  const changed = await bench.call("PATCH", "/api/v1/budgets/counting", { unattributed: "ignore" });
  assert.equal(changed.json.unattributed, "ignore");
  assert.equal(
    (await bench.call("POST", "/api/v1/budgets", { ...project, unattributed: "count" })).json.field,
    "unattributed",
  );
});

test("the next window starts at zero", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", project);
  await spend(bench, "one", { project: "p1" });
  bench.advance(86_400_000);
  const { json } = await bench.call("GET", "/api/v1/budgets/b1");
  assert.deepEqual([json.spent, json.window.start], ["0", "2026-03-11T00:00:00Z"]);
});

test("a reader sees the budget of its own project, and another project's is not found", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
  });
  await bench.call("POST", "/api/v1/budgets", project);
  await bench.call("POST", "/api/v1/budgets", { ...project, budget_id: "b2", resource_id: "p2" });
  await bench.call("POST", "/api/v1/budgets", { ...project, budget_id: "each", resource_id: "*" });
  await spend(bench, "one", { project: "p1" });
  await spend(bench, "two", { project: "p2" });
  const reader = await bench.key({ role: "reader", attribution: { org: "o", project: "p1" } });
  const list = await bench.call("GET", "/api/v1/budgets", undefined, reader);
  assert.deepEqual(
    list.json.data.map((budget: { budget_id: string; spent: string }) => [
      budget.budget_id,
      budget.spent,
    ]),
    [
      ["b1", "0.0003"],
      ["each", "0.0003"],
    ],
  );
  for (const id of ["all", "b2"])
    assert.equal((await bench.call("GET", `/api/v1/budgets/${id}`, undefined, reader)).status, 404);
  const each = await bench.call("GET", "/api/v1/budgets/each", undefined, reader);
  assert.deepEqual([each.json.value, each.json.counters.length], ["p1", 1]);
  assert.equal(
    (await bench.call("GET", "/api/v1/budgets/each?value=p2", undefined, reader)).status,
    403,
  );
});

test("a crossed threshold is listed as an alert once", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    ...project,
    amount: "0.001",
    thresholds: [0.2, 0.5],
  });
  const settled = await spend(bench, "one", { project: "p1" });
  assert.deepEqual(settled.json.thresholds_crossed, [{ budget_id: "b1", at: 0.2 }]);
  await spend(bench, "two", { project: "p1" });
  const first = await bench.call("GET", "/api/v1/alerts?limit=1");
  assert.deepEqual(
    [first.json.data[0].threshold, first.json.data[0].spent, first.json.data[0].limit],
    [0.5, "0.0006", "0.001"],
  );
  const second = await bench.call("GET", `/api/v1/alerts?limit=1&cursor=${first.json.next_cursor}`);
  assert.deepEqual([second.json.data[0].threshold, second.json.next_cursor], [0.2, null]);
  assert.deepEqual((await bench.call("GET", "/api/v1/alerts?budget_id=other")).json.data, []);
});

test("figures of a budget in tokens are whole tokens", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "t",
    budget_type: "project",
    resource_id: "p1",
    amount: 1000,
    currency: "tokens",
  });
  await spend(bench, "one", { project: "p1" });
  const { json } = await bench.call("GET", "/api/v1/budgets/t");
  assert.deepEqual([json.amount, json.spent, json.available], ["1000", "120", "880"]);
  const estimate = { input_tokens: 800, max_output_tokens: 100 };
  const refused = await bench.call("POST", "/api/v1/holds", {
    operation_id: "two",
    attribution: { project: "p1" },
    ...model,
    estimate,
  });
  assert.deepEqual(
    [refused.status, refused.json.purser.needed, refused.json.purser.available],
    [402, "900", "880"],
  );
});
