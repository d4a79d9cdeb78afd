/** Tests requests: what belongs to one, and that large ones are read once and in turns. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { findRequests, listRequests } from "../app/report/requests.ts";
import type { LedgerReader } from "../app/port/reader.ts";
import { openBench, spend, type Bench } from "./api-fixture.test.ts";

const limit = 50;

async function charge(bench: Bench, body: object, secret?: string): Promise<void> {
  const { status, text } = await bench.call("POST", "/api/v1/charges", body, secret);
  assert.equal(status, 200, text);
  assert.doesNotMatch(text, /"error"/);
}

/** Charges of one request, in one batch. */
async function chargeOften(bench: Bench, times: number, requestId: string): Promise<void> {
  for (let sent = 0; sent < times; sent += 500) {
    const data = Array.from({ length: Math.min(500, times - sent) }, (_, index) => ({
      charge_id: `${requestId}-${sent + index}`,
      item_id: "note",
      amount_usd: "0.001",
      request_id: requestId,
    }));
    await charge(bench, { data });
  }
  await bench.ledger.flush();
}

test("a key adds no cost to the request of another key, but an administrator does", async (context) => {
  const bench = await openBench(context);
  const owner = await bench.key({ role: "caller", attribution: { project: "p1" } });
  const stranger = await bench.key({ role: "caller", attribution: { project: "p2" } });
  const admin = await bench.key({ role: "admin", attribution: {} });
  const of = (charge_id: string, amount_usd: string) => ({
    charge_id,
    item_id: "note",
    amount_usd,
    request_id: "r1",
  });
  await charge(bench, of("s", "5"), stranger);
  const usage = { operation_id: "r1", ...usageOfOneDollar };
  assert.equal((await bench.call("POST", "/api/v1/usage", { data: [usage] }, owner)).status, 200);
  await charge(bench, of("o", "0.25"), owner);
  await charge(bench, of("a", "0.5"), admin);
  await charge(bench, of("root", "0.125"));
  await bench.ledger.flush();
  const { json } = await bench.call("GET", "/api/v1/requests");
  assert.deepEqual(
    json.data.map((one: Record<string, unknown>) => [one["calls"], one["cost_usd"]]).toSorted(),
    [
      [0, "5"],
      [1, "1.875"],
    ],
  );
  const own = json.data.find((one: { calls: number }) => one.calls === 1);
  const detail = await bench.call("GET", `/api/v1/requests/r1?key_id=${own.key_id}`);
  assert.equal(detail.json.cost_usd, "1.875");
  const file = await bench.call("GET", "/api/v1/exports/json?rows=requests");
  assert.deepEqual(
    file.json.data.map((row: Record<string, unknown>) => row["total_cost"]).toSorted(),
    [1.875, 5],
  );
});

const usageOfOneDollar = { provider: "openai", model: "m1", usage: { input: 1_000_000 } };

test("charges that name an id without a call are one request per key", async (context) => {
  const bench = await openBench(context);
  const one = await bench.key({ role: "caller", attribution: { project: "p1" } });
  const job = { item_id: "note", amount_usd: "1", request_id: "job" };
  await charge(bench, { charge_id: "c1", ...job }, one);
  await charge(bench, { charge_id: "c2", ...job }, one);
  await charge(bench, { charge_id: "c3", ...job });
  await bench.ledger.flush();
  const { json } = await bench.call("GET", "/api/v1/requests/job");
  assert.deepEqual([json.charges, json.cost_usd, json.status], [3, "3", null]);
});

test("a request with many rows is read once for a list, however many pages", async (context) => {
  const bench = await openBench(context);
  await spend(bench, "first", { team: "a" });
  await chargeOften(bench, 1200, "run");
  await spend(bench, "last", { team: "a" });
  await bench.ledger.flush();
  const asked: (readonly string[])[] = [];
  const reader: Pick<LedgerReader, "calls" | "requestLines"> = {
    calls: (...input) => bench.reader.calls(...input),
    requestLines(filter, ids) {
      asked.push(ids);
      return bench.reader.requestLines(filter, ids);
    },
  };
  const filter = { scope: {}, wanted: {}, adminKeys: new Set<string>() };
  const page = await listRequests(reader, filter, { limit, before: null });
  assert.deepEqual(
    page.requests.map(({ requestId, rows }) => [requestId, rows.length]),
    [
      ["last", 1],
      ["run", 1200],
      ["first", 1],
    ],
  );
  // Its rows, and which of them are wanted.
  assert.equal(asked.filter((ids) => ids.includes("run")).length, 2);
});

test("a request with many rows leaves turns of the event loop to calls", async (context) => {
  const bench = await openBench(context);
  await chargeOften(bench, 4000, "run");
  let turns = 0;
  let isOver = false;
  const reader = {
    async requestLines(...input: Parameters<LedgerReader["requestLines"]>) {
      const rows = await bench.reader.requestLines(...input);
      const count = (): void => {
        turns += 1;
        if (!isOver) setImmediate(count);
      };
      setImmediate(count);
      return rows;
    },
  };
  const [request] = await findRequests(reader, { scope: {}, adminKeys: new Set() }, "run");
  isOver = true;
  assert.equal(request?.rows.length, 4000);
  assert.ok(turns > 0);
});
