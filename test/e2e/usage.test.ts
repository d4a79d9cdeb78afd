/**
 * Usage that was metered elsewhere, delivered at least once to a real process that is killed
 * between: every row is charged exactly once, in every budget and figure.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { picoOf, sumPico } from "./figures.ts";
import { makeFolder, startGateway, type GatewayProcess } from "./process.ts";
import { always } from "./settings.ts";

const batches = 12;
const rowsPerBatch = 250;
const dayMs = 86_400_000;

interface Answered {
  readonly recorded: number;
  readonly repeated: number;
  readonly failed: number;
}

/** A fifth of the rows are of the day before, and one is invalid. */
function batchOf(number: number, now: number): readonly object[] {
  return Array.from({ length: rowsPerBatch }, (_, row) => ({
    operation_id: `b${number}-r${row}`,
    timestamp: new Date(row % 5 === 0 ? now - dayMs : now).toISOString(),
    provider: "house",
    model: "m",
    usage: row === 7 ? { input: -1 } : { input: 100 + row, output: 10 },
    attribution: { project: "p", team: `t${row % 3}` },
  }));
}

async function deliver(gateway: GatewayProcess, rows: readonly object[]): Promise<Answered> {
  const { status, json } = await gateway.api("POST", "/api/v1/usage", { body: { data: rows } });
  assert.equal(status, 200);
  return json;
}

/** Undefined if the process is killed meanwhile. */
async function attempt(
  gateway: GatewayProcess,
  rows: readonly object[],
): Promise<Answered | undefined> {
  try {
    return await deliver(gateway, rows);
  } catch {
    return undefined;
  }
}

test("batches delivered twice, to a process that is killed between, are charged once", async () => {
  const directory = await makeFolder();
  const price = "prices: [{ provider: house, model: m, input: '1', output: '10' }]";
  const options = { directory, config: price };
  let gateway = await startGateway(options);
  const budget = { budget_type: "platform", resource_id: "main", ...always };
  await gateway.makeBudget({ budget_id: "all", amount: "0.5", ...budget });
  await gateway.makeBudget({
    budget_id: "p",
    amount: "100",
    ...budget,
    budget_type: "project",
    resource_id: "p",
  });
  const now = Date.now();
  for (let number = 0; number < batches; number += 3) {
    const sent = [0, 1, 2].map((more) => attempt(gateway, batchOf(number + more, now)));
    await sleep(Math.random() * 60);
    await gateway.kill();
    await Promise.all(sent);
    gateway = await startGateway(options);
  }
  let recorded = 0;
  for (let number = 0; number < batches; number++) {
    const again = await deliver(gateway, batchOf(number, now));
    assert.equal(again.recorded + again.repeated, rowsPerBatch - 1);
    recorded += again.recorded;
    const repeated = await deliver(gateway, batchOf(number, now));
    assert.deepEqual(
      [repeated.recorded, repeated.repeated, repeated.failed],
      [0, rowsPerBatch - 1, 1],
    );
  }
  assert.ok(recorded < batches * rowsPerBatch, "some rows survived a kill");

  const entries = await gateway.entries();
  assert.equal(entries.length, batches * (rowsPerBatch - 1));
  assert.equal(new Set(entries.map((entry) => entry.operation_id)).size, entries.length);
  const total = sumPico(entries.map((entry) => entry.cost_usd));
  for (const id of ["all", "p"]) {
    const { spent, held } = await gateway.budget(id);
    assert.deepEqual([picoOf(String(spent)), picoOf(String(held))], [total, 0n], id);
  }
  // The limit of half a dollar is passed, and blocks the next call.
  const hold = { operation_id: "next", amount: "0.01" };
  assert.equal((await gateway.api("POST", "/api/v1/holds", { body: hold })).status, 402);

  const to = new Date(now - dayMs / 2).toISOString();
  const { json: summary } = await gateway.api("GET", `/api/v1/summary?to=${to}`);
  assert.equal(summary["task_count"], (batches * rowsPerBatch) / 5);

  const correction = { amount: "0", reason: "the bill" };
  const path = "/api/v1/entries/b0-r1/correct";
  assert.equal((await gateway.api("POST", path, { body: correction })).status, 200);
  const again = await deliver(gateway, batchOf(0, now));
  assert.equal(again.recorded, 0);
  const corrected = total - picoOf("0.000201");
  const { spent } = await gateway.budget("all");
  assert.equal(picoOf(String(spent)), corrected);
  const { json: verified } = await gateway.api("POST", "/api/v1/verify");
  assert.equal(verified["ok"], true);
});
