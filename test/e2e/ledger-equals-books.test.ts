/**
 * After hundreds of mixed calls by several keys, the ledger equals the simulator's bills, and every
 * figure is their exact sum.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { picoOf, sumPico, type BookRow, type Entry } from "./figures.ts";
import { drawCall, seeded } from "./mixed-calls.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type Json,
  type SimulatorProcess,
} from "./process.ts";
import { assertBilledAlike, costOfRow } from "./reconcile.ts";
import { always } from "./settings.ts";

const calls = 300;
const atOnce = 8;
const seed = 20_261_122;

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let entries: readonly Entry[];
let rows: readonly BookRow[];

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
  const everything = { budget_type: "platform", resource_id: "main", ...always };
  await gateway.makeBudget({ budget_id: "all", amount: "1000", ...everything });
  for (const project of projects) {
    const tree = { parent_budget_id: "all", budget_type: "project", amount: "400", ...always };
    await gateway.makeBudget({ budget_id: project, resource_id: project, ...tree });
  }
  await gateway.makeBudget({
    budget_id: "users",
    budget_type: "user",
    resource_id: "*",
    amount: "500",
    ...always,
  });
  await gateway.makeBudget({
    budget_id: "tokens",
    amount: "100000000",
    currency: "tokens",
    ...everything,
  });
  await makeCalls();
  entries = await gateway.entries();
  rows = await simulator.books();
});

const projects = ["atlas", "borealis", "cygnus"] as const;

async function makeCalls(): Promise<void> {
  const keys = await Promise.all(
    projects.flatMap((project) =>
      ["ann", "bob"].map((user) => gateway.makeKey({ org: "acme", project, user })),
    ),
  );
  const random = seeded(seed);
  const drawn = Array.from({ length: calls }, (_, index) => ({
    call: drawCall(random, `mix-${index}`),
    key: keys[Math.floor(random() * keys.length)]?.key ?? "",
  }));
  const waiting = drawn.values();
  const work = async (): Promise<void> => {
    for (const { call, key } of waiting) await call({ url: gateway.url, key });
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

function spentOf(budget: Json): bigint {
  return picoOf(String(budget["spent"]));
}

test(`the ledger is the simulator's books, call by call (seed ${seed})`, () => {
  assert.deepEqual([entries.length, rows.length], [calls, calls]);
  const byTag = new Map(rows.map((row) => [row.tag, row]));
  assert.equal(byTag.size, calls);
  for (const entry of entries) {
    const row = byTag.get(entry.operation_id);
    assert.ok(row?.billed && row.finished, entry.operation_id);
    assertBilledAlike(entry, row);
    assert.deepEqual(
      [entry.status, entry.flags, entry.attempt],
      ["settled", [], 1],
      entry.operation_id,
    );
  }
});

test("every line is quantity × rate, at a configured rate", () => {
  for (const entry of entries) {
    for (const { quantity, rate_usd_per_million: rate, cost_usd: cost } of entry.charges) {
      assert.ok(rate !== null);
      assert.equal(picoOf(cost) * 1_000_000n, BigInt(quantity) * picoOf(rate));
    }
  }
});

test("the sum of the books at the configured prices is the sum of the entries, the summary and every budget's spend", async () => {
  const billed = rows.reduce((sum, row) => sum + costOfRow(row), 0n);
  assert.ok(billed > 0n);
  assert.equal(sumPico(entries.map(({ cost_usd }) => cost_usd)), billed);
  const summary = await gateway.api("GET", "/api/v1/summary?tasks=0");
  assert.equal(summary.json["task_count"], calls);
  assert.equal(summary.json["total_cost"], Number(billed) / 1e12);
  assert.equal(spentOf(await gateway.budget("all")), billed);
});

test("each project's budget and each user's counter have spent exactly its calls, and nothing is held", async () => {
  for (const project of projects) {
    const own = entries.filter(({ attribution }) => attribution["project"] === project);
    const budget = await gateway.budget(project);
    assert.equal(spentOf(budget), sumPico(own.map(({ cost_usd }) => cost_usd)), project);
    assert.deepEqual([budget["held"], budget["overrun"]], ["0", "0"]);
  }
  const users = await gateway.budget("users");
  for (const counter of users["counters"] as unknown as readonly {
    value: string;
    spent: string;
    held: string;
  }[]) {
    const own = entries.filter(({ attribution }) => attribution["user"] === counter.value);
    assert.equal(
      picoOf(counter.spent),
      sumPico(own.map(({ cost_usd }) => cost_usd)),
      counter.value,
    );
    assert.equal(counter.held, "0");
  }
  const tokens = await gateway.budget("tokens");
  const counted = rows.reduce(
    (sum, row) =>
      sum + row.input + row.cache_read + row.cache_write_5m + row.cache_write_1h + row.output,
    0,
  );
  assert.deepEqual([tokens["spent"], tokens["held"]], [String(counted), "0"]);
  assert.equal((await gateway.budget("all"))["held"], "0");
});

interface Group {
  readonly cost_usd: string;
}

interface Series {
  readonly groups: readonly Group[];
  readonly data: readonly { readonly groups: readonly Group[] }[];
}

test("any partition of the spend adds up to it", async () => {
  const billed = rows.reduce((sum, row) => sum + costOfRow(row), 0n);
  for (const dimension of ["provider", "project", "user", "task", "model,endpoint"]) {
    const series = await gateway.api("GET", `/api/v1/series?bucket=hour&by=${dimension}`);
    assert.equal(series.status, 200, JSON.stringify(series.json));
    const { groups, data } = series.json as unknown as Series;
    assert.equal(sumPico(groups.map(({ cost_usd }) => cost_usd)), billed, dimension);
    assert.equal(
      sumPico(data.flatMap((bucket) => bucket.groups.map(({ cost_usd }) => cost_usd))),
      billed,
      dimension,
    );
  }
});

test("replaying the journal gives the same balances, and its chain is whole", async () => {
  const { json } = await gateway.api("POST", "/api/v1/verify");
  assert.deepEqual([json["ok"], json["drift"], json["rollup_drift"]], [true, [], []]);
});
