/**
 * Reports of a real process with calls, charges of other costs, failures and refusals: any question
 * adds up to the pico-dollar, leads to its calls, and has the same answer after a kill.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as fc from "fast-check";
import type { ReportJson } from "../../src/contract/report.ts";
import { steer } from "./client.ts";
import { picoOf, sumPico } from "./figures.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayOptions,
  type GatewayProcess,
} from "./process.ts";

const hourMs = 3_600_000;
let options: GatewayOptions;
let gateway: GatewayProcess;

before(async () => {
  const simulator = await startSimulatorProcess();
  const config = [
    "items:",
    "  - { item_id: gpu, kind: infrastructure, unit: hour, price_usd: '2.333333333333' }",
    "  - { item_id: search, kind: tool, unit: call, price_usd: '0.000000000007' }",
  ];
  const directory = await makeFolder();
  options = { directory, simulatorUrl: simulator.url, config: config.join("\n") };
  gateway = await startGateway(options);
  await record("usage", (at, n) => ({
    operation_id: `u${n}`,
    timestamp: at,
    provider: "house",
    model: `m${n % 3}`,
    amount_usd: `0.${String(n * 7919 + 1).padStart(12, "0")}`,
    latency_ms: n,
    attribution: attributionOf(n),
  }));
  await record("charges", (at, n) => ({
    charge_id: `c${n}`,
    timestamp: at,
    item_id: n % 2 === 0 ? "gpu" : "search",
    quantity: `${n}.25`,
    attribution: attributionOf(n),
  }));
  await callModels();
});

/** From before to after the clocks of New York and Berlin go back in 2025, and to the start of 2026. */
async function record(
  path: "usage" | "charges",
  row: (at: string, n: number) => object,
): Promise<void> {
  const first = Date.UTC(2025, 9, 24);
  const data = Array.from({ length: 120 }, (_, n) =>
    row(new Date(first + n * 13 * hourMs + n * 61_007).toISOString(), n),
  );
  const { status, json } = await gateway.api("POST", `/api/v1/${path}`, { body: { data } });
  assert.deepEqual([status, json["failed"]], [200, 0], JSON.stringify(json).slice(0, 300));
}

function attributionOf(n: number): object {
  return {
    team: `t${n % 3}`,
    ...(n % 4 > 0 && { task: `task ${n % 9}&=` }),
    ...(n % 2 > 0 && { user: `u${n % 5}`, tags: { customer: `c${n % 2}` } }),
  };
}

/** Answered calls, a failed one, and one that a budget refuses. */
async function callModels(): Promise<void> {
  const mayRefine = { may_refine: ["task"] };
  const { key } = await gateway.makeKey({ team: "t1" }, mayRefine);
  const poor = await gateway.makeKey({ team: "poor" }, mayRefine);
  const empty = { budget_type: "team", resource_id: "poor", amount: "0", period: "month" };
  await gateway.makeBudget({ budget_id: "empty", ...empty });
  const directives = ["input=10 output=3", "input=500 output=40", "fault=status:500"];
  const statuses = [];
  for (const [n, text] of [...directives, "input=1"].entries()) {
    const answer = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${n === 3 ? poor.key : key}`,
        "content-type": "application/json",
        "x-purser-task": "live",
      },
      body: JSON.stringify({
        model: "sim-small",
        max_tokens: 50,
        messages: [{ role: "user", content: steer(text) }],
      }),
    });
    await answer.arrayBuffer();
    statuses.push(answer.status);
  }
  assert.deepEqual(statuses, [200, 200, 500, 402]);
}

async function ask(query: string): Promise<ReportJson> {
  const { status, json } = await gateway.api("GET", `/api/v1/report?${query}`);
  assert.equal(status, 200, `${query}: ${JSON.stringify(json)}`);
  return json;
}

type Row = Pick<ReportJson["total"], "figures">;

function costOf(rows: readonly Row[]): bigint {
  return sumPico(rows.map(({ figures }) => figures.cost ?? "0"));
}

function callsOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { figures }) => sum + (figures.calls ?? 0), 0);
}

/** For a row with the metrics cost, calls, charges, released and refusals. */
async function checkDrill({ figures, drill }: Row & { drill: string | null }): Promise<void> {
  assert.ok(drill !== null);
  const calls = await gateway.entries(drill);
  const count = (status: string): number => calls.filter((call) => call.status === status).length;
  assert.deepEqual(
    [count("settled"), count("released"), sumPico(calls.map((call) => call.cost_usd))],
    [(figures.calls ?? 0) + (figures.charges ?? 0), figures.released, picoOf(figures.cost ?? "")],
    drill,
  );
  // They are listed only if they are asked for.
  if (drill.includes("status=refused")) assert.equal(count("refused"), figures.refusals);
}

const all = "from=2025-01-01";
const names = ["provider", "model", "endpoint", "key", "status", "team", "task", "user"];

test("any partition by up to three dimensions adds up to the total, tools and infrastructure too", async () => {
  const entries = await gateway.entries();
  const whole = sumPico(entries.map((entry) => entry.cost_usd));
  assert.ok(entries.length > 240 && whole > 0n);
  const partitions = fc.record({
    by: fc.subarray([...names, "tag:customer"], { minLength: 1, maxLength: 3 }),
    top: fc.constantFrom(1, 3, 1000),
    bucket: fc.constantFrom("none", "week", "month"),
  });
  await fc.assert(
    fc.asyncProperty(partitions, async ({ by, top, bucket }) => {
      const found = await ask(`${all}&by=${by.join(",")}&top=${top}&bucket=${bucket}`);
      assert.deepEqual([costOf([found.total]), costOf(found.rows)], [whole, whole]);
      assert.equal(callsOf(found.rows), found.total.figures.calls);
      if (bucket === "none") return;
      assert.equal(costOf(found.data.map(({ total }) => total)), whole);
      assert.equal(costOf(found.data.flatMap(({ rows }) => rows)), whole);
    }),
    { numRuns: 60 },
  );
});

test("every row of a report, and of its buckets, leads to the calls that it sums", async () => {
  const query = `${all}&metrics=cost,calls,charges,released,refusals`;
  for (const by of ["team", "task", "provider,endpoint", "user,tag:customer", "key", "status"]) {
    const found = await ask(`${query}&by=${by}`);
    for (const row of [found.total, ...found.rows]) await checkDrill(row);
  }
  const timed = await ask(`${query}&by=team&bucket=month&time_zone=America/New_York`);
  for (const { total, rows } of timed.data)
    for (const row of [total, ...rows]) await checkDrill(row);
  for (const filter of ["tag:customer=c1&status=settled", "status=settled", "endpoint=charge"]) {
    const filtered = await ask(`${query}&by=model&team=t1&${filter}`);
    assert.ok(filtered.rows.length > 1, filter);
    for (const row of [filtered.total, ...filtered.rows]) await checkDrill(row);
  }
});

test("hours of days with 25 and 23 hours add up to the day, and days to the month", async () => {
  for (const [zone, day, hours] of [
    ["Europe/Berlin", "2025-10-26", 25],
    ["America/New_York", "2025-11-02", 25],
    ["Europe/Berlin", "2026-03-29", 23],
    ["Asia/Kathmandu", "2025-10-26", 24],
  ] as const) {
    const start = Temporal.PlainDate.from(day).toZonedDateTime(zone);
    const range = `from=${start.toInstant().toString()}&to=${start.add({ days: 1 }).toInstant().toString()}`;
    const byHour = await ask(`${range}&bucket=hour&time_zone=${zone}`);
    const byDay = await ask(`${range}&bucket=day&time_zone=${zone}`);
    assert.deepEqual([byHour.data.length, byDay.data.length], [hours, 1], zone);
    assert.equal(costOf(byHour.data.map(({ total }) => total)), costOf([byDay.total]));
    assert.deepEqual(byDay.data[0]?.total.figures, byDay.total.figures);
  }
  const range = "from=2025-10-25T22:00:00Z&to=2025-11-30T23:00:00Z&time_zone=Europe/Berlin";
  const [days, months] = [await ask(`${range}&bucket=day`), await ask(`${range}&bucket=month`)];
  assert.deepEqual([days.data.length, months.data.length], [36, 2]);
  const november = days.data.filter(({ start }) => start >= "2025-10-31T23:00");
  assert.equal(
    costOf(november.map(({ total }) => total)),
    costOf(months.data.slice(1).map(({ total }) => total)),
  );
});

test("a range is compared with the one before, and a calendar window with the same part", async () => {
  const found = await ask("from=2025-12-01&to=2025-12-11&by=team&compare=previous");
  assert.deepEqual(
    [found.compare?.from, found.compare?.to, found.compare?.window],
    ["2025-11-21T00:00:00Z", "2025-12-01T00:00:00Z", "equal_length"],
  );
  const earlier = await ask("from=2025-11-21&to=2025-12-01&by=team");
  assert.deepEqual(found.total.before, earlier.total.figures);
  for (const { group, before } of found.rows) {
    const same = earlier.rows.find((row) => row.group?.["team"] === group?.["team"]);
    assert.deepEqual(before, same?.figures);
  }
  const week = await ask("window=this_week&compare=previous&time_zone=Europe/Berlin");
  const whole = await ask("window=this_week&compare=previous_whole&time_zone=Europe/Berlin");
  const length = (range: { from: string; to: string } | null): number =>
    range === null ? 0 : Date.parse(range.to) - Date.parse(range.from);
  // Clocks may have been changed since.
  assert.ok(Math.abs(length(week) - length(week.compare)) <= hourMs);
  assert.equal(week.compare?.window, "calendar_to_date");
  assert.deepEqual([whole.compare?.window, whole.compare?.to], ["calendar", whole.from]);
  assert.equal(week.compare?.from, whole.compare?.from);
});

test("failed and refused calls are in no average, and the answer survives a kill", async () => {
  const query = `${all}&by=team&metrics=cost,calls,charges,charge_cost,released,refusals,latency_avg,latency_p95,cost_per_call,cost_per_task`;
  const found = await ask(query);
  const { figures } = found.total;
  const { calls = 0, charges, released, refusals, cost, cost_per_call: each } = figures;
  assert.deepEqual([calls, charges, released, refusals], [122, 120, 1, 1]);
  const ofCalls = picoOf(cost ?? "") - picoOf(figures.charge_cost ?? "");
  assert.equal(picoOf(each ?? ""), (ofCalls * 2n + BigInt(calls)) / BigInt(2 * calls));
  await gateway.kill();
  gateway = await startGateway(options);
  const again = await ask(`${query}&to=${encodeURIComponent(found.to)}`);
  assert.deepEqual(
    [again.total.figures, again.rows.length],
    [found.total.figures, found.rows.length],
  );
  assert.deepEqual(
    again.rows.map(({ figures }) => figures),
    found.rows.map(({ figures }) => figures),
  );
  assert.equal((await gateway.api("POST", "/api/v1/verify")).json["ok"], true);
});
