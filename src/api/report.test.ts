/** Tests the reports of the API: any partition adds up, and every row leads to its calls. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { EntryJson } from "../contract/entry.ts";
import type { PageJson } from "../contract/page.ts";
import type { ReportJson } from "../contract/report.ts";
import type { Attribution } from "../domain/attribution/attribution.ts";
import { parseUsd, pico } from "../domain/money/money.ts";
import { hold, outcome, route, settle } from "../store/conformance/fixture.ts";
import { openBench, type Bench } from "./api-fixture.test.ts";

const hourMs = 3_600_000;
/** The clocks of Berlin go forward on 2026-03-29 at 01:00 UTC, those of New York on 2026-03-08. */
const first = Date.UTC(2026, 2, 5);
const last = Date.UTC(2026, 3, 2);

let bench: Bench;
let clean: () => Promise<void>;

before(async () => {
  bench = await openBench({ after: (work) => void (clean = work) });
  bench.advance(last - bench.now());
  for (let n = 0; n < 90; n++) await makeCall(n);
});

after(() => clean());

async function makeCall(n: number): Promise<void> {
  const at = first + Math.floor(((last - first) * ((n * 37) % 90)) / 90) + n * 977;
  const attribution: Attribution = {
    project: `p${n % 3}`,
    ...(n % 4 > 0 && { task: `t${n % 11}` }),
    ...(n % 2 === 0 && { user: `u${n % 5}`, tags: { customer: `c${n % 2}` } }),
  };
  const operationId = `op${n}`;
  const asked = { ...route, provider: n % 3 === 0 ? "openai" : "anthropic" };
  const keyed = { ...asked, keyId: n % 5 === 0 ? null : "key_1" };
  await bench.ledger.commit(hold(operationId, pico(9n ** 15n), { at, attribution, route: keyed }));
  if (n % 9 === 4) {
    const reason = "upstream failed";
    await bench.ledger.commit({ kind: "release", at, operationId, attempt: 1, reason });
    return;
  }
  // Amounts that no float holds exactly.
  const cost = pico(BigInt(n + 1) ** 7n + 1n);
  const usage = { input: n, cache_read: 2 * n, cache_write_5m: 1, output: 7, reasoning: 3 };
  const end = outcome(cost, { usage, latencyMs: (n % 9) + 1, status: statusOf(n) });
  await bench.ledger.commit(settle(operationId, cost, { at: at + 5, outcome: end }));
}

function statusOf(n: number): "settled" | "estimated" {
  return n % 6 === 1 ? "estimated" : "settled";
}

async function ask(query: string): Promise<ReportJson> {
  const { status, json, text } = await bench.call("GET", `/api/v1/report?${query}`);
  assert.equal(status, 200, text);
  return json as ReportJson;
}

function usd(figures: ReportJson["total"]["figures"]): bigint {
  return parseUsd(figures.cost ?? "", "cost");
}

function sumOf(rows: readonly Pick<ReportJson["total"], "figures">[]): object {
  return {
    cost: rows.reduce((sum, { figures }) => sum + usd(figures), 0n),
    calls: rows.reduce((sum, { figures }) => sum + (figures.calls ?? 0), 0),
    input: rows.reduce((sum, { figures }) => sum + (figures.input ?? 0), 0),
  };
}

async function followed(drill: string): Promise<readonly EntryJson[]> {
  const { json, status } = await bench.call("GET", `/api/v1/entries?limit=200&${drill}`);
  assert.equal(status, 200, drill);
  return (json as PageJson<EntryJson>).data;
}

const names = ["provider", "model", "endpoint", "key", "status", "project", "task", "user"];
const metrics = "metrics=cost,calls,input,latency_p95";
const questions = fc.record({
  by: fc.subarray([...names, "tag:customer"], { minLength: 0, maxLength: 3 }),
  top: fc.constantFrom(1, 2, 5, 1000),
  zone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"),
  bucket: fc.constantFrom("none", "day", "week", "month"),
  from: fc.integer({ min: first - hourMs, max: last - 2 }),
  length: fc.integer({ min: 1, max: last - first }),
});

test("rows and buckets add up to the total, to the pico-dollar, for any question", async () => {
  await fc.assert(
    fc.asyncProperty(questions, async ({ by, top, zone, bucket, from, length }) => {
      const range = `from=${iso(from)}&to=${iso(from + length)}`;
      const grouped = by.length === 0 ? "" : `&by=${by.join(",")}`;
      const found = await ask(
        `${metrics}&${range}${grouped}&top=${top}&bucket=${bucket}&time_zone=${zone}&compare=previous`,
      );
      const total = sumOf([found.total]);
      if (by.length > 0) assert.deepEqual(sumOf(found.rows), total);
      if (bucket !== "none") assert.deepEqual(sumOf(found.data.map((one) => one.total)), total);
      for (const one of by.length > 0 ? found.data : [])
        assert.deepEqual(sumOf(one.rows), sumOf([one.total]));
      const calls = (await followed(found.total.drill ?? "")).filter(isCharged);
      assert.deepEqual(
        [found.total.figures.calls, usd(found.total.figures)],
        [calls.length, costOf(calls)],
      );
      const { from: start, to: end } = found.compare ?? { from: "", to: "" };
      assert.deepEqual([end, Date.parse(end) - Date.parse(start)], [found.from, length]);
      const earlier = await ask(`${metrics}&from=${start}&to=${end}`);
      assert.deepEqual(found.total.before, earlier.total.figures);
    }),
    { numRuns: 40 },
  );
});

test("every row leads to the calls that add up to it, to the pico-dollar", async () => {
  const range = `from=${iso(first + hourMs / 3)}&to=${iso(last - hourMs / 7)}`;
  for (const by of [...names, "tag:customer"]) {
    const found = await ask(`${range}&by=${by},project&bucket=week&time_zone=Europe/Berlin`);
    const inBuckets = found.data.flatMap(({ rows }) => rows);
    for (const { drill, figures } of [...found.rows, ...inBuckets])
      assert.equal(costOf(await followed(drill ?? "")), usd(figures), drill ?? "");
  }
});

test("the cost of a task is that of the calls with one, shared by the different tasks", async () => {
  const found = await ask(`metrics=cost_per_task,cost,calls&by=project&top=1&last=3m`);
  const calls = (await followed("")).filter(isCharged);
  const check = (row: ReportJson["total"], isIn: (call: EntryJson) => boolean): void => {
    const own = calls.filter(isIn);
    const tasked = own.filter(({ attribution }) => attribution["task"] !== undefined);
    const distinct = new Set(tasked.map(({ attribution }) => attribution["task"])).size;
    const each = (costOf(tasked) * 2n + BigInt(distinct)) / (2n * BigInt(distinct));
    assert.equal(parseUsd(row.figures.cost_per_task ?? "", "cost"), each);
    const { task } = row.coverage;
    assert.deepEqual([task?.calls, task?.distinct], [tasked.length, distinct]);
    assert.equal(task?.share, tasked.length / own.length);
  };
  const [row, others] = found.rows;
  assert.ok(row && others && others.group === null && others.drill === null);
  assert.equal(found.groups_left_out, 2);
  check(found.total, () => true);
  check(row, ({ attribution }) => attribution["project"] === row.group?.["project"]);
  check(others, ({ attribution }) => attribution["project"] !== row.group?.["project"]);
});

test("cumulative buckets end at the total, also per task and in percentiles", async () => {
  const query = "metrics=cost,cost_per_task,latency_p50,calls&last=4w&by=project&top=2";
  const found = await ask(`${query}&bucket=day&cumulative=true`);
  const end = found.data.at(-1);
  assert.deepEqual(end?.total, { ...end?.total, figures: found.total.figures });
  assert.deepEqual(
    end?.rows.map(({ figures }) => figures),
    found.rows.map(({ figures }) => figures),
  );
  const costs = found.data.map(({ total }) => usd(total.figures));
  assert.ok(costs.every((cost, index) => cost >= (costs[index - 1] ?? 0n)));
});

test("averages and percentiles leave out calls without a charge; small latencies are exact", async () => {
  const found = await ask(
    "metrics=calls,released,latency_avg,latency_p50,latency_p95,cache_hit_share&last=3m",
  );
  const all = await followed("");
  const calls = all.filter(isCharged);
  const sorted = calls.map((call) => call.latency_ms).sort((left, right) => left - right);
  const { figures, coverage } = found.total;
  assert.deepEqual([figures.calls, figures.released], [calls.length, all.length - calls.length]);
  assert.equal(figures.latency_avg, sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length);
  assert.equal(figures.latency_p50, sorted[Math.ceil(0.5 * sorted.length) - 1]);
  assert.equal(figures.latency_p95, sorted[Math.ceil(0.95 * sorted.length) - 1]);
  assert.deepEqual(coverage["latency"], { calls: calls.length, share: 1 });
});

test("the order is by any metric, either way; groups that only the time before had are listed", async () => {
  const costly = await ask("by=user&sort=cost_per_call:asc&last=3m&metrics=cost_per_call");
  const each = costly.rows.map(({ figures }) => parseUsd(figures.cost_per_call ?? "", "cost"));
  assert.deepEqual(
    each,
    each.toSorted((left, right) => (left < right ? -1 : 1)),
  );
  const found = await ask("by=task&last=3d&compare=previous&metrics=calls");
  const gone = found.rows.filter(
    ({ figures, before }) => figures.calls === 0 && (before?.calls ?? 0) > 0,
  );
  assert.ok(gone.length > 0 && gone.every(({ change }) => change?.["calls"] === -1));
});

test("a bad question is refused with its field and a remedy", async () => {
  const cases = {
    "from=2026-03-02&to=2026-03-01": "to",
    "from=2030-01-01": "from",
    "time_zone=Mars/Olympus": "time_zone",
    "by=provider,model,user,task": "by",
    "by=modle": "by",
    "last=7x": "last",
    "last=0d": "last",
    "last=999999d": "last",
    "last=7d&window=today": "last",
    "window=today&from=2026-03-01": "window",
    "window=someday": "window",
    "metrics=price": "metrics",
    "metrics=": "metrics",
    "sort=price": "sort",
    "sort=cost:up": "sort",
    "cumulative=true": "cumulative",
    "compare=next": "compare",
    "top=0": "top",
    "projct=p1": "projct",
    "bucket=hour&last=12m": "bucket",
  };
  for (const [query, field] of Object.entries(cases)) {
    const { status, json } = await bench.call("GET", `/api/v1/report?${query}`);
    assert.deepEqual([status, json.field], [400, field], query);
    assert.ok(json.remedy, query);
  }
});

function isCharged({ status }: EntryJson): boolean {
  return status !== "released";
}

function costOf(calls: readonly EntryJson[]): bigint {
  return calls.reduce((sum, call) => sum + parseUsd(call.cost_usd, "cost"), 0n);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
