/** Meters that a caller names: priced, settled and reported over the API. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { model, openBench, spend } from "./api-fixture.test.ts";

test("an invalid count names its field and the remedy", async (t) => {
  const bench = await openBench(t);
  const hold = { operation_id: "1", ...model, amount: "0.0001" };
  assert.equal((await bench.call("POST", "/api/v1/holds", hold)).status, 201);
  for (const [usage, detail, remedy] of [
    [{ input: "1" }, 'usage.input must be a number, not "1"', "Give a number."],
    [{ pages: 1.5 }, "usage.pages must be a whole number, not 1.5", "Give a whole number."],
    [{ pages: -1 }, "usage.pages is -1", "Give at least 0."],
    [{ pages: 2e9 }, "usage.pages is 2000000000", "Give at most 1000000000."],
    [{ inputs: 1 }, "usage.inputs is not a known meter", "Did you mean input?"],
    [[], "usage must be an object, not a list", "Give an object."],
  ] as const) {
    const { status, json } = await bench.call("POST", "/api/v1/holds/1/settle", { usage });
    assert.deepEqual([status, json.detail, json.remedy], [400, detail, remedy]);
  }
});

test("a meter that a caller names is in the entry, its bill, the series and the summary", async (t) => {
  const bench = await openBench(t);
  const priced = { ...model, input: "1", output: "10", meters: { "tool:ocr": "0.0001" } };
  assert.equal((await bench.call("POST", "/api/v1/prices", priced)).status, 201);
  const rates = (await bench.call("GET", "/api/v1/prices?provider=openai&model=m1")).json.rates;
  const rate = rates.find((one: { meter: string }) => one.meter === "tool:ocr");
  assert.deepEqual([rate.usd_per_million, rate.stands_in], ["100", false]);
  await spend(bench, "1", {}, { input: 100, output: 5, "tool:ocr": 2 });
  await spend(bench, "2", {}, { input: 100, "tool:ocr": 1, pages: 9 });
  const [second, first] = (await bench.call("GET", "/api/v1/entries")).json.data;
  assert.deepEqual([first.usage["tool:ocr"], first.cost_usd, first.flags], [2, "0.00035", []]);
  assert.deepEqual(
    first.charges.map((line: { meter: string; quantity: number; cost_usd: string }) => [
      line.meter,
      line.quantity,
      line.cost_usd,
    ]),
    [
      ["input", 100, "0.0001"],
      ["output", 5, "0.00005"],
      ["tool:ocr", 2, "0.0002"],
    ],
  );
  assert.deepEqual(
    [second.usage["pages"], second.cost_usd, second.flags, second.charges[2].rate.source],
    [9, "0.0002", ["unpriced"], "unpriced"],
  );
  const series = (await bench.call("GET", "/api/v1/series?by=model")).json;
  const counts = { input: 200, output: 5, "tool:ocr": 3, pages: 9 };
  assert.deepEqual([series.total.usage, series.groups[0].usage], [counts, counts]);
  const { meters } = (await bench.call("GET", "/api/v1/summary")).json;
  assert.deepEqual(meters, { "tool:ocr": 3, pages: 9 });
});

test("reasoning with a price has a line in the bill, and is output in every count and sum", async (t) => {
  const bench = await openBench(t);
  const priced = { ...model, input: "1", output: "10", reasoning: "20" };
  assert.equal((await bench.call("POST", "/api/v1/prices", priced)).status, 201);
  await spend(bench, "1", {}, { input: 100, output: 50, reasoning: 20 });
  const [entry] = (await bench.call("GET", "/api/v1/entries")).json.data;
  assert.deepEqual([entry.cost_usd, entry.usage.output], ["0.0008", 50]);
  assert.deepEqual(
    entry.charges.map((line: { meter: string; quantity: number; cost_usd: string }) => [
      line.meter,
      line.quantity,
      line.cost_usd,
    ]),
    [
      ["input", 100, "0.0001"],
      ["output", 30, "0.0003"],
      ["reasoning", 20, "0.0004"],
    ],
  );
  const { efficiency_metrics: totals, tasks } = (await bench.call("GET", "/api/v1/summary")).json;
  assert.equal(totals.total_output_tokens, 50);
  assert.deepEqual([tasks[0].output_tokens, tasks[0].output_cost], [50, 0.0007]);
});

test("a count or price named __proto__ is refused, and nothing is charged", async (t) => {
  const bench = await openBench(t);
  const usage = '{"usage":{"input":1,"__proto__":2}}';
  await bench.call("POST", "/api/v1/holds", { operation_id: "1", amount: "1" });
  for (const [path, body] of [
    ["/api/v1/holds/1/settle", usage],
    [
      "/api/v1/prices",
      '{"provider":"p","model":"m","input":"1","output":"1","meters":{"__proto__":"1"}}',
    ],
    ["/api/v1/keys", '{"name":"k","__proto__":{"permissions":[]}}'],
  ] as const) {
    const { status, json } = await bench.call("POST", path, body);
    assert.deepEqual([status, json.detail.includes("__proto__ is not a known field")], [400, true]);
  }
});

test("of too many meters, the number is the problem, and their names are not looked at", async (t) => {
  const bench = await openBench(t);
  await bench.call("POST", "/api/v1/holds", { operation_id: "1", amount: "1" });
  const counts = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, place) => [`inputs${place}`, 1]));
  const settle = async (usage: object): Promise<string> =>
    JSON.stringify((await bench.call("POST", "/api/v1/holds/1/settle", { usage })).json);
  assert.match(await settle(counts(32)), /usage.inputs0 .*[Dd]id you mean input/);
  assert.match(await settle(counts(20_000)), /"usage:? has more than 32 meters/);
});
