/** Tests batches of usage over the API: every row is answered by itself, and charged once. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  adminSecret,
  beginning,
  model,
  openBench,
  type Answer,
  type Bench,
} from "./api-fixture.test.ts";

const hourMs = 3_600_000;
/** 1 + 10 micro-dollars a thousand: 0.000011 USD. */
const row = { ...model, usage: { input: 1, output: 1 } };
const at = (ms: number) => ({ timestamp: new Date(beginning + ms).toISOString() });

async function open(t: TestContext) {
  const bench = await openBench(t);
  const budget = { budget_id: "all", budget_type: "platform", amount: "1", period: "day" };
  await bench.call("POST", "/api/v1/budgets", budget, adminSecret);
  return { bench, send: sender(bench) };
}

const sender =
  (bench: Bench) =>
  (data: readonly unknown[], secret = adminSecret): Promise<Answer> =>
    bench.call("POST", "/api/v1/usage", { data }, secret);

async function spent(bench: Bench): Promise<string> {
  const { json } = await bench.call("GET", "/api/v1/budgets/all", undefined, adminSecret);
  return json.spent;
}

async function entries(bench: Bench) {
  const { json } = await bench.call("GET", "/api/v1/entries", undefined, adminSecret);
  return json.data;
}

/** The answer for one row. */
async function answerTo(
  send: ReturnType<typeof sender>,
  one: unknown,
  secret?: string,
): Promise<Answer["json"]> {
  const { status, json } = await send([one], secret);
  assert.equal(status, 200);
  return json.data[0];
}

test("a bad row is reported, the others count, and a repeat of the batch counts nothing twice", async (t) => {
  const { bench, send } = await open(t);
  const batch = [
    { ...row, operation_id: "a" },
    { ...row, operation_id: "b", usage: { input: -1 } },
    { ...row, id: "c" },
  ];
  const first = await send(batch);
  assert.deepEqual(
    [first.status, first.json.recorded, first.json.repeated, first.json.failed],
    [200, 2, 0, 1],
  );
  assert.deepEqual(first.json.data[0], {
    index: 0,
    operation_id: "a",
    status: "recorded",
    cost_usd: "0.000011",
    flags: [],
  });
  const { status, operation_id, cost_usd, error } = first.json.data[1];
  assert.deepEqual([status, operation_id, cost_usd], ["invalid", "b", null]);
  assert.deepEqual([error.code, error.field], ["invalid_request", "usage.input"]);
  const { json } = await send(batch);
  assert.deepEqual([json.recorded, json.repeated, json.failed], [0, 2, 1]);
  assert.equal((await entries(bench)).length, 2);
});

test("another body with the same id is a conflict, also within a batch", async (t) => {
  const { send } = await open(t);
  const changed = { ...row, operation_id: "a", usage: { input: 2 } };
  const { json } = await send([{ ...row, operation_id: "a" }, changed]);
  assert.deepEqual(
    json.data.map((one: Answer["json"]) => [one.status, one.operation_id, one.error?.field]),
    [
      ["recorded", "a", undefined],
      ["conflict", "a", "operation_id"],
    ],
  );
});

test("identical rows without an id are one, and such a row needs a timestamp", async (t) => {
  const { send } = await open(t);
  const { json } = await send([
    { ...row, ...at(0) },
    { ...row, ...at(0) },
    { ...row, ...at(-1) },
    row,
  ]);
  assert.deepEqual(
    json.data.map((one: Answer["json"]) => one.status),
    ["recorded", "repeated", "recorded", "invalid"],
  );
  assert.equal(json.data[0].operation_id, json.data[1].operation_id);
  assert.match(json.data[0].operation_id, /^usage-[0-9a-f]{32}$/);
  assert.equal(json.data[3].error.field, "timestamp");
});

test("an entry shows when the call was made, and when it was recorded", async (t) => {
  const { bench, send } = await open(t);
  await send([{ ...row, operation_id: "a", ...at(-50 * hourMs), latency_ms: 7, endpoint: "chat" }]);
  const [entry] = await entries(bench);
  assert.deepEqual(
    [entry.ended_at, entry.recorded_at, entry.latency_ms, entry.endpoint, entry.status],
    ["2026-03-08T10:00:00Z", "2026-03-10T12:00:00Z", 7, "chat", "settled"],
  );
  assert.equal(await spent(bench), "0");
});

test("a time up to five minutes ahead counts as now; later ones, and years ago, are invalid", async (t) => {
  const { bench, send } = await open(t);
  const minuteMs = 60_000;
  const times = [
    5 * minuteMs,
    5 * minuteMs + 1,
    -5 * 366 * 24 * hourMs,
    -5 * 366 * 24 * hourMs - 1,
  ];
  const { json } = await send(times.map((ms) => ({ ...row, ...at(ms) })));
  assert.deepEqual(
    json.data.map((one: Answer["json"]) => [one.status, one.error?.field]),
    [
      ["recorded", undefined],
      ["invalid", "timestamp"],
      ["recorded", undefined],
      ["invalid", "timestamp"],
    ],
  );
  assert.ok(
    (await entries(bench)).some(
      (entry: Answer["json"]) => entry.ended_at === "2026-03-10T12:00:00Z",
    ),
  );
  const local = await answerTo(send, { ...row, timestamp: "2026-03-10T12:00:00" });
  assert.deepEqual([local.status, local.error.field], ["invalid", "timestamp"]);
});

test("an unpriced model is flagged, and its reported cost is charged", async (t) => {
  const { send } = await open(t);
  const unknown = { ...row, model: "unknown" };
  const free = await answerTo(send, { ...unknown, operation_id: "a" });
  assert.deepEqual(free.flags, ["unpriced"]);
  const reported = { ...unknown, operation_id: "b", reported_cost_usd: "0.25" };
  const { flags, cost_usd } = await answerTo(send, reported);
  assert.deepEqual([flags, cost_usd], [["unpriced"], "0.25"]);
  const amount = { ...model, operation_id: "c", amount_usd: "0.5" };
  assert.equal((await answerTo(send, amount)).cost_usd, "0.5");
  const both = await answerTo(send, { ...row, operation_id: "d", amount_usd: "0.5" });
  assert.equal(both.error.field, "usage");
});

test("a TokenUsage is a row: its provider is found by the model", async (t) => {
  const { bench, send } = await open(t);
  const usage = {
    operation_id: "op",
    agent_id: "writer",
    capability_type: "summarize",
    prompt_tokens: 2,
    completion_tokens: 1,
    total_tokens: 3,
    model_id: "openai/m1",
    ...at(0),
  };
  const found = openBench(t, {
    catalogue: () => [
      model,
      { provider: "azure", model: "both" },
      { provider: "p", model: "both" },
    ],
  });
  assert.equal((await answerTo(sender(await found), usage)).status, "recorded");
  const [entry] = await entries(await found);
  assert.deepEqual(entry.attribution, { agent: "writer", capability: "summarize" });
  assert.deepEqual([entry.provider, entry.model, entry.cost_usd], ["openai", "m1", "0.000012"]);
  const wrong = await answerTo(sender(await found), { ...usage, model_id: "both" });
  assert.deepEqual([wrong.status, wrong.error.field], ["invalid", "model_id"]);
  assert.match(wrong.error.detail, /azure, p/);
  const named = { ...usage, model_id: "m1", provider: "openai" };
  assert.equal((await answerTo(send, named)).cost_usd, "0.000012");
  const total = await answerTo(send, { ...named, total_tokens: 4 });
  assert.equal(total.error.field, "total_tokens");
  assert.equal(await spent(bench), "0.000012");
});

test("a caller records for its own attribution, and at most what its budgets have left", async (t) => {
  const { bench, send } = await open(t);
  const secret = await bench.key({ name: "k", attribution: { project: "p" } });
  const own = { ...model, operation_id: "a", amount_usd: "0.9" };
  assert.equal((await answerTo(send, own, secret)).status, "recorded");
  const more = await answerTo(send, { ...own, operation_id: "b" }, secret);
  assert.deepEqual(
    [more.status, more.error.code, more.error.field],
    ["invalid", "forbidden", "amount"],
  );
  const other = { ...own, operation_id: "c", amount_usd: "0", attribution: { project: "q" } };
  const { error } = await answerTo(send, other, secret);
  assert.deepEqual([error.code, error.field], ["forbidden", "attribution.project"]);
  assert.equal((await answerTo(send, { ...own, operation_id: "b" })).status, "recorded");
  assert.equal(await spent(bench), "1.8");
  // The same id of another key is another call.
  assert.equal((await answerTo(send, own)).status, "recorded");
});

test("a batch is a list of 1 to 1,000 rows, of any kind", async (t) => {
  const { send } = await open(t);
  assert.equal((await send([])).status, 400);
  assert.equal((await send(Array.from({ length: 1001 }, () => row))).status, 400);
  const { json } = await send([null, 1, "row", [], {}]);
  assert.deepEqual([json.failed, json.data[4].error.field], [5, "provider"]);
});
