/** Tests entries, the summary and series. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench, spend, type Bench } from "./api-fixture.test.ts";

async function fill(bench: Bench): Promise<void> {
  await spend(bench, "1", { project: "p1", operation: "plan", tags: { customer: "c1" } });
  bench.advance(3_600_000);
  await spend(
    bench,
    "2",
    { project: "p2", operation: "plan" },
    { input: 50, cache_read: 50, output: 10 },
  );
  bench.advance(86_400_000);
  await spend(bench, "3", { project: "p1" }, { input: 100, output: 20, reasoning: 5 });
}

test("an entry has its counts, the lines of its bill and the source of each rate", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const { json } = await bench.call("GET", "/api/v1/entries");
  assert.deepEqual(
    json.data.map((entry: { operation_id: string }) => entry.operation_id),
    ["3", "2", "1"],
  );
  const entry = json.data[1];
  assert.deepEqual(entry.usage, {
    input: 50,
    cache_read: 50,
    cache_write_5m: 0,
    cache_write_1h: 0,
    output: 10,
    reasoning: 0,
  });
  assert.deepEqual(
    [entry.status, entry.provider, entry.model, entry.endpoint, entry.cost_usd, entry.latency_ms],
    ["settled", "openai", "m1", "api", "0.000155", 40],
  );
  assert.equal(entry.started_at, "2026-03-10T13:00:00Z");
  const line = entry.charges.find((charge: { meter: string }) => charge.meter === "cache_read");
  const { rate, ...rest } = line;
  assert.deepEqual(rest, {
    model: "m1",
    meter: "cache_read",
    quantity: 50,
    rate_usd_per_million: "0.1",
    cost_usd: "0.000005",
  });
  assert.deepEqual(
    [rate.source, rate.match, rate.service_tier],
    ["configuration", "exact", "standard"],
  );
});

test("a settled amount is one line, and the provider's figure is listed too", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", { operation_id: "a", amount: "0.05" });
  await bench.call("POST", "/api/v1/holds/a/settle", { amount: "0.04" });
  const [entry] = (await bench.call("GET", "/api/v1/entries")).json.data;
  assert.deepEqual(entry.charges, [
    {
      model: "unnamed",
      meter: "reported_cost",
      quantity: 1,
      rate_usd_per_million: null,
      cost_usd: "0.04",
      rate: null,
    },
  ]);
  assert.deepEqual(
    [entry.cost_usd, entry.reported_cost_usd, entry.difference_usd],
    ["0.04", "0.04", "0"],
  );
});

test("refused calls are listed with the budget and the reason, for keys that may see them", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "none",
    budget_type: "platform",
    amount: "0",
  });
  for (const [id, project] of [
    ["r1", "p1"],
    ["r2", "p2"],
  ] as const) {
    await bench.call("POST", "/api/v1/holds", {
      operation_id: id,
      amount: "1",
      attribution: { project },
      provider: "openai",
      model: "m1",
    });
  }
  const { json } = await bench.call("GET", "/api/v1/entries?status=refused");
  assert.deepEqual(
    json.data.map((entry: { operation_id: string; refusal: object }) => [
      entry.operation_id,
      entry.refusal,
    ]),
    [
      ["r2", { reason: "budget_exhausted", budget_id: "none" }],
      ["r1", { reason: "budget_exhausted", budget_id: "none" }],
    ],
  );
  const [entry] = json.data;
  assert.deepEqual(
    [entry.status, entry.cost_usd, entry.model, entry.attempt, entry.started_at],
    ["refused", "0", "m1", 0, "2026-03-10T12:00:00Z"],
  );
  const page = await bench.call("GET", "/api/v1/entries?status=refused&limit=1");
  const next = await bench.call(
    "GET",
    `/api/v1/entries?status=refused&limit=1&cursor=${page.json.next_cursor}`,
  );
  assert.deepEqual([next.json.data[0].operation_id, next.json.next_cursor], ["r1", null]);
  assert.equal((await bench.call("GET", "/api/v1/entries")).json.data.length, 0);
  const reader = await bench.key({
    name: "p1-reader",
    role: "reader",
    attribution: { project: "p1" },
  });
  const seen = await bench.call("GET", "/api/v1/entries?status=refused", undefined, reader);
  assert.deepEqual(
    seen.json.data.map((one: { operation_id: string }) => one.operation_id),
    ["r1"],
  );
  assert.equal(
    (await bench.call("GET", "/api/v1/entries?status=refused&project=p2", undefined, reader))
      .status,
    403,
  );
  const series = await bench.call("GET", "/api/v1/series?bucket=none&status=refused");
  assert.deepEqual([series.json.total.calls, series.json.total.refusals], [0, 2]);
});

test("released calls are in no average, and groups by key have the names of the keys", async (t) => {
  const bench = await openBench(t);
  const secret = await bench.key({ name: "ci" });
  const hold = { amount: "1", provider: "openai", model: "m1" };
  for (const id of ["paid", "failed"])
    await bench.call("POST", "/api/v1/holds", { ...hold, operation_id: id }, secret);
  await bench.call("POST", "/api/v1/holds/paid/settle", { amount: "0.5", latency_ms: 40 }, secret);
  await bench.call("POST", "/api/v1/holds/failed/release", {}, secret);
  const summary = (await bench.call("GET", "/api/v1/summary")).json;
  assert.deepEqual([summary.task_count, summary.average_cost, summary.tasks.length], [1, 0.5, 1]);
  assert.deepEqual(
    [summary.by_operation.api.count, summary.by_operation.api.avg_latency_ms],
    [1, 40],
  );
  const series = (await bench.call("GET", "/api/v1/series?bucket=none&by=key")).json;
  assert.deepEqual(
    [series.total.calls, series.total.released, series.total.avg_latency_ms],
    [1, 1, 40],
  );
  assert.equal(series.key_names[series.groups[0].group.key], "ci");
});

test("entries are filtered by dimension, tag, model, status and time", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const ids = async (query: string): Promise<string> => {
    const { json } = await bench.call("GET", `/api/v1/entries?${query}`);
    return json.data.map((entry: { operation_id: string }) => entry.operation_id).join();
  };
  assert.equal(await ids("project=p1"), "3,1");
  assert.equal(await ids("project=p1&operation=plan"), "1");
  assert.equal(await ids("operation=unattributed"), "3");
  assert.equal(await ids("tag:customer=c1"), "1");
  assert.equal(await ids("model=m1&provider=openai&status=settled"), "3,2,1");
  assert.equal(await ids("model=other"), "");
  assert.equal(await ids("operation_id=2"), "2");
  assert.equal(await ids("from=2026-03-11"), "3");
  assert.equal(
    (await bench.call("GET", "/api/v1/entries?constructor=p1")).json.field,
    "constructor",
  );
  assert.equal(await ids("from=2026-03-10T13:00:00Z&to=2026-03-11"), "2");
});

test("pages by cursor return every entry once, even while new ones arrive", async (t) => {
  const bench = await openBench(t);
  for (let index = 0; index < 5; index++) await spend(bench, `op-${index}`, {});
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await bench.call(
      "GET",
      `/api/v1/entries?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    seen.push(...page.json.data.map((entry: { operation_id: string }) => entry.operation_id));
    cursor = page.json.next_cursor;
    await spend(bench, `late-${seen.length}`, {});
  } while (cursor !== null);
  assert.deepEqual(seen, ["op-4", "op-3", "op-2", "op-1", "op-0"]);
});

test("a cursor belongs to one list and query", async (t) => {
  const bench = await openBench(t);
  for (let index = 0; index < 3; index++)
    await spend(bench, `op-${index}`, { project: index === 1 ? "p2" : "p1" });
  const next = async (list: string, query: string): Promise<string> =>
    (await bench.call("GET", `/api/v1/${list}?limit=1&${query}`)).json.next_cursor;
  const entries = await next("entries", "project=p1");
  const requests = await next("requests", "project=p1");
  const goesOn = await bench.call("GET", `/api/v1/entries?limit=2&project=p1&cursor=${entries}`);
  assert.deepEqual([goesOn.status, goesOn.json.data.length], [200, 1]);
  for (const path of [
    `entries?cursor=${entries}`,
    `entries?project=p2&cursor=${entries}`,
    `entries?project=p1&status=refused&cursor=${entries}`,
    `requests?project=p1&cursor=${entries}`,
    `requests?cursor=${requests}`,
    `alerts?cursor=${entries}`,
    `budgets?cursor=${entries}`,
    `prices/updates?cursor=${entries}`,
  ]) {
    const { status, json } = await bench.call("GET", `/api/v1/${path}`);
    assert.deepEqual(
      [path, status, json.field, json.detail],
      [path, 400, "cursor", "cursor: belongs to another query"],
    );
  }
});

test("the summary has its established fields, as JSON numbers", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const { json } = await bench.call("GET", "/api/v1/summary");
  assert.deepEqual([json.total_cost, json.task_count], [0.000755, 3]);
  assert.equal(json.average_cost, 0.000251666667);
  assert.deepEqual(json.by_provider.openai, {
    total_cost: 0.000755,
    input_tokens: 300,
    output_tokens: 50,
    task_count: 3,
    charge_count: 0,
    operations: {
      plan: { count: 2, charge_count: 0, total_cost: 0.000455, avg_latency_ms: 40 },
      api: { count: 1, charge_count: 0, total_cost: 0.0003, avg_latency_ms: 40 },
    },
  });
  assert.equal(json.by_operation.plan.total_tokens, 230);
  assert.equal(json.efficiency_metrics.input_output_ratio, 6);
  assert.equal(json.tasks.length, 3);
  assert.equal((await bench.call("GET", "/api/v1/summary?tasks=1")).json.tasks.length, 1);
  assert.equal(
    (await bench.call("GET", "/api/v1/summary?tasks=0&project=p2")).json.total_cost,
    0.000155,
  );
  assert.equal((await bench.call("GET", "/api/v1/summary?tasks=1001")).json.field, "tasks");
});

test("a series has every bucket, and its groups add up to its total", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const { json, status } = await bench.call(
    "GET",
    "/api/v1/series?from=2026-03-09&to=2026-03-13&bucket=day&by=project,model",
  );
  assert.equal(status, 200);
  assert.deepEqual(
    json.data.map((bucket: { start: string; total: { calls: number; cost_usd: string } }) => [
      bucket.start.slice(8, 10),
      bucket.total.calls,
      bucket.total.cost_usd,
    ]),
    [
      ["09", 0, "0"],
      ["10", 2, "0.000455"],
      ["11", 1, "0.0003"],
      ["12", 0, "0"],
    ],
  );
  assert.deepEqual(
    json.groups.map((group: { group: object; cost_usd: string }) => [group.group, group.cost_usd]),
    [
      [{ project: "p1", model: "m1" }, "0.0006"],
      [{ project: "p2", model: "m1" }, "0.000155"],
    ],
  );
  assert.deepEqual(
    [json.total.calls, json.total.cost_usd, json.total.tokens],
    [3, "0.000755", 350],
  );
});

test("buckets whose edges are within an hour have the same sum as the whole range", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  for (const zone of ["Asia/Kolkata", "Asia/Kathmandu", "UTC", "Europe/Berlin"]) {
    for (const bucket of ["hour", "day", "week", "month"]) {
      const { json } = await bench.call(
        "GET",
        `/api/v1/series?from=2026-03-10T11:17:00Z&to=2026-03-12&bucket=${bucket}&time_zone=${zone}`,
      );
      assert.deepEqual([zone, bucket, json.total.cost_usd], [zone, bucket, "0.000755"]);
      const calls = json.data.reduce(
        (sum: number, one: { total: { calls: number } }) => sum + one.total.calls,
        0,
      );
      assert.equal(calls, 3);
    }
  }
  const none = await bench.call("GET", "/api/v1/series?bucket=none&by=operation");
  assert.deepEqual([none.json.data, none.json.groups.length], [[], 2]);
});

test("calls in the first and last bucket but outside the range are left out", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  for (const zone of ["UTC", "Asia/Kolkata"]) {
    const { json } = await bench.call(
      "GET",
      `/api/v1/series?from=2026-03-10T12:30:00Z&to=2026-03-11T12:30:00Z&bucket=day&time_zone=${zone}`,
    );
    assert.deepEqual([zone, json.total.calls, json.data[0].total.calls], [zone, 1, 1]);
  }
});

test("the last page is marked as the last, even when it is full", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  assert.equal((await bench.call("GET", "/api/v1/entries?limit=3")).json.next_cursor, null);
  assert.notEqual((await bench.call("GET", "/api/v1/entries?limit=2")).json.next_cursor, null);
});

test("groups and ranges are validated", async (t) => {
  const bench = await openBench(t);
  for (const [query, field] of [
    ["by=colour", "by"],
    ["by=provider,model,project,task,user", "by"],
    ["bucket=minute", "bucket"],
    ["bucket=hour&from=2020-01-01", "bucket"],
    ["time_zone=Nowhere", "time_zone"],
    ["from=2026-03-12&to=2026-03-11", "to"],
  ] as const) {
    const answer = await bench.call("GET", `/api/v1/series?${query}`);
    assert.deepEqual([query, answer.status, answer.json.field], [query, 400, field]);
  }
});

test("refusals are counted in the series, and cost nothing", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/budgets", {
    budget_id: "none",
    budget_type: "platform",
    resource_id: "main",
    amount: "0",
  });
  assert.equal((await spend(bench, "1", { project: "p1" })).status, 402);
  const { json } = await bench.call("GET", "/api/v1/series?by=project");
  assert.deepEqual([json.total.refusals, json.total.calls, json.total.cost_usd], [1, 0, "0"]);
});

test("a reader gets only its own figures, and another's are forbidden", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const reader = await bench.key({ role: "reader", attribution: { project: "p1" } });
  const tagged = await bench.key({ role: "reader", attribution: { tags: { customer: "c1" } } });
  assert.equal((await bench.call("GET", "/api/v1/entries", undefined, reader)).json.data.length, 2);
  assert.equal(
    (await bench.call("GET", "/api/v1/entries?operation_id=2", undefined, reader)).json.data.length,
    0,
  );
  assert.equal(
    (await bench.call("GET", "/api/v1/summary", undefined, reader)).json.total_cost,
    0.0006,
  );
  assert.equal(
    (await bench.call("GET", "/api/v1/series?by=project", undefined, reader)).json.groups.length,
    1,
  );
  assert.equal((await bench.call("GET", "/api/v1/entries", undefined, tagged)).json.data.length, 1);
  for (const path of ["entries", "summary", "series"]) {
    const other = await bench.call("GET", `/api/v1/${path}?project=p2`, undefined, reader);
    assert.deepEqual(
      [path, other.status, other.json.code, other.json.field],
      [path, 403, "forbidden", "project"],
    );
  }
  assert.equal(
    (await bench.call("GET", "/api/v1/entries?tag:customer=c2", undefined, tagged)).status,
    403,
  );
});

test("the ledger verifies itself on request", async (t) => {
  const bench = await openBench(t);
  await fill(bench);
  const { json } = await bench.call("POST", "/api/v1/verify");
  assert.deepEqual([json.ok, json.broken_at, json.drift], [true, null, []]);
});

test("a series lists models without a price, and no free ones", async (t) => {
  const bench = await openBench(t);
  const free = { provider: "lab", model: "free", input: "0", output: "0" };
  assert.equal((await bench.call("POST", "/api/v1/prices", free)).status, 201);
  for (const [id, model, project] of [
    ["1", "none", "p1"],
    ["2", "none", "p2"],
    ["3", "free", "p1"],
  ]) {
    const estimate = { input_tokens: 100, max_output_tokens: 50 };
    await bench.call("POST", "/api/v1/holds", {
      operation_id: id,
      provider: "lab",
      model,
      attribution: { project },
      estimate,
    });
    assert.equal(
      (await bench.call("POST", `/api/v1/holds/${id}/settle`, { usage: { input: 10, output: 5 } }))
        .status,
      200,
    );
  }
  await bench.call("POST", "/api/v1/holds", {
    operation_id: "4",
    provider: "lab",
    model: "none",
    amount: "1",
  });
  await bench.call("POST", "/api/v1/holds/4/release", {});
  const unpriced = async (query: string) =>
    (await bench.call("GET", `/api/v1/series?bucket=none&${query}`)).json.unpriced;
  assert.deepEqual(await unpriced(""), [{ provider: "lab", model: "none", calls: 2 }]);
  assert.deepEqual(await unpriced("project=p2"), [{ provider: "lab", model: "none", calls: 1 }]);
  assert.deepEqual(await unpriced("model=free"), []);
});
