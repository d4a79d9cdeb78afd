/** Tests items with a price of one's own, and charges that are no model call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBench, type Bench } from "./api-fixture.test.ts";

const hour = { kind: "infrastructure", unit: "hour", price_usd: "0.05" };

async function put(bench: Bench, id: string, body: object): Promise<void> {
  const { status, text } = await bench.call("PUT", `/api/v1/items/${id}`, body);
  assert.equal(status, 200, text);
  bench.advance(2);
}

test("a charge costs its quantity at the item's price, once", async (context) => {
  const bench = await openBench(context);
  await put(bench, "sandbox", hour);
  const charge = { charge_id: "c1", item_id: "sandbox", quantity: "1.5", request_id: "r1" };
  const first = await bench.call("POST", "/api/v1/charges", charge);
  assert.equal(first.status, 200, first.text);
  assert.deepEqual(first.json.data, [
    { index: 0, charge_id: "c1", status: "recorded", cost_usd: "0.075" },
  ]);
  // The price has changed since.
  await put(bench, "sandbox", { ...hour, price_usd: "9" });
  const again = await bench.call("POST", "/api/v1/charges", charge);
  assert.deepEqual([again.json.data[0].status, again.json.data[0].cost_usd], ["repeated", "0.075"]);
  const other = await bench.call("POST", "/api/v1/charges", { ...charge, quantity: 2 });
  assert.deepEqual([other.status, other.json.field], [409, "charge_id"]);
  await bench.ledger.flush();
  const { json } = await bench.call("GET", "/api/v1/entries?endpoint=charge");
  const [entry] = json.data;
  assert.deepEqual(
    [json.data.length, entry.provider, entry.model, entry.cost_usd],
    [1, "infrastructure", "sandbox", "0.075"],
  );
  assert.match(JSON.stringify(entry.raw_usage), /"request_id/);
});

test("prices of items are dated: a charge has the price of its time", async (context) => {
  const bench = await openBench(context);
  await put(bench, "search", {
    kind: "tool",
    unit: "call",
    price_usd: 1,
    valid_from: "2026-01-01",
  });
  await put(bench, "search", {
    kind: "tool",
    unit: "call",
    price_usd: 2,
    valid_from: "2026-02-01",
  });
  const cost = async (timestamp: string): Promise<unknown> => {
    const body = { data: [{ item_id: "search", quantity: 3, timestamp }] };
    const { json } = await bench.call("POST", "/api/v1/charges", body);
    return json.data[0].cost_usd ?? json.data[0].error.field;
  };
  assert.equal(await cost("2026-01-15"), "3");
  assert.equal(await cost("2026-02-15"), "6");
  assert.equal(await cost("2025-12-15"), "item_id");
  await bench.call("DELETE", "/api/v1/items/search");
  assert.equal(await cost("2026-02-16"), "6");
  bench.advance(10);
  const now = await bench.call("POST", "/api/v1/charges", {
    charge_id: "c",
    item_id: "search",
    quantity: 1,
  });
  assert.deepEqual([now.status, now.json.field], [400, "item_id"]);
});

test("a batch charges its valid rows; an amount needs no item", async (context) => {
  const bench = await openBench(context);
  const { json } = await bench.call("POST", "/api/v1/charges", {
    data: [
      { charge_id: "a", item_id: "review", kind: "labor", amount_usd: "80.25" },
      { charge_id: "b", item_id: "review" },
      { charge_id: "c", item_id: "unknown", quantity: 1 },
      { charge_id: "d", item_id: "review", amount_usd: "1", quantity: "1" },
      { charge_id: "e", item_id: "review", quantity: "-1" },
      7,
    ],
  });
  assert.deepEqual([json.recorded, json.failed], [1, 5]);
  assert.deepEqual(
    json.data.map((row: { error?: { field: string } }) => row.error?.field ?? null),
    [null, "quantity", "item_id", "quantity", "quantity", json.data[5].error.field],
  );
  await bench.ledger.flush();
  const report = await bench.call("GET", "/api/v1/entries?provider=labor");
  assert.equal(report.json.data[0].cost_usd, "80.25");
});

for (const [field, change] of [
  ["unit", { unit: "tokens" }],
  ["unit", { unit: "" }],
  ["price_usd", { price_usd: "-1" }],
  ["kind", { kind: "thing" }],
  ["valid_from", { valid_from: "soon" }],
  ["item_id", { item_id: "other" }],
] as const)
  test(`an item with ${JSON.stringify(change)} is refused`, async (context) => {
    const bench = await openBench(context);
    const { status, json } = await bench.call("PUT", "/api/v1/items/x", { ...hour, ...change });
    assert.deepEqual([status, json.field], [400, field]);
    assert.ok(json.remedy);
  });

test("an item keeps its kind, until it is deleted", async (context) => {
  const bench = await openBench(context);
  await put(bench, "x", hour);
  const changed = await bench.call("PUT", "/api/v1/items/x", { ...hour, kind: "tool" });
  assert.deepEqual([changed.status, changed.json.field], [409, "kind"]);
  await bench.call("DELETE", "/api/v1/items/x");
  bench.advance(2);
  await put(bench, "x", { ...hour, kind: "tool" });
  const { json } = await bench.call("GET", "/api/v1/items/x");
  assert.deepEqual([json.provider, json.prices.length], ["tools", 2]);
  assert.equal((await bench.call("GET", "/api/v1/items/none")).status, 404);
});

test("a shared charge is split over the teams by their use, to the last pico-dollar, once", async (context) => {
  const bench = await openBench(context);
  await put(bench, "gpu", { ...hour, price_usd: "0.1" });
  const use = (id: string, team: string, amount: string): object => ({
    operation_id: id,
    provider: "openai",
    model: "m1",
    amount_usd: amount,
    timestamp: "2026-03-09T12:00:00Z",
    attribution: { team },
  });
  const usage = [use("u1", "a", "1"), use("u2", "b", "1"), use("u3", "c", "1")];
  await bench.call("POST", "/api/v1/usage", { data: usage });
  await bench.ledger.flush();
  const share = { by: "team", how: "cost", from: "2026-03-01", to: "2026-03-10" };
  const charge = { charge_id: "month", item_id: "gpu", quantity: 100, share };
  const first = await bench.call("POST", "/api/v1/charges", charge);
  assert.equal(first.status, 200, first.text);
  const [row] = first.json.data;
  assert.deepEqual(
    [row.status, row.cost_usd, row.parts.map((part: { cost_usd: string }) => part.cost_usd)],
    ["recorded", "10", ["3.333333333334", "3.333333333333", "3.333333333333"]],
  );
  const again = await bench.call("POST", "/api/v1/charges", charge);
  assert.deepEqual([again.json.repeated, again.json.data[0].cost_usd], [1, "10"]);
  await bench.ledger.flush();
  const { json } = await bench.call("GET", "/api/v1/entries?endpoint=charge&team=b");
  assert.match(JSON.stringify(json.data[0].raw_usage), /share_of.{1,6}month/);
  const { json: parts } = await bench.call("GET", "/api/v1/entries?endpoint=charge");
  const details = parts.data.map((one: { raw_usage: string }) => JSON.parse(one.raw_usage));
  assert.deepEqual(details.map((one: Record<string, string>) => one["quantity"]).toSorted(), [
    "33.333333333333",
    "33.333333333333",
    "33.333333333334",
  ]);
  assert.deepEqual([details[0].unit, details[0].price_usd], ["hour", "0.1"]);

  // A fourth team turns up: the split would be another one.
  await bench.call("POST", "/api/v1/usage", { data: [use("u4", "d", "1")] });
  await bench.ledger.flush();
  assert.equal((await bench.call("POST", "/api/v1/charges", charge)).status, 409);
  await bench.ledger.flush();
  const all = await bench.call("GET", "/api/v1/entries?endpoint=charge");
  assert.equal(all.json.data.length, 3);
});

for (const [field, change] of [
  ["share.to", { to: "2026-02-01" }],
  ["share.to", { to: "2027-01-01" }],
  ["share", { from: "2026-02-01", to: "2026-02-02" }],
  ["share.by", { by: "planet" }],
] as const)
  test(`a charge shared by ${JSON.stringify(change)} is refused`, async (context) => {
    const bench = await openBench(context);
    const share = { by: "team", how: "even", from: "2026-03-01", to: "2026-03-10", ...change };
    const body = { charge_id: "x", item_id: "gpu", amount_usd: 1, share };
    const { status, json } = await bench.call("POST", "/api/v1/charges", body);
    assert.deepEqual([status, json.field], [400, field]);
  });

test("what is wrong with a row is said in the words of its fields", async (context) => {
  const bench = await openBench(context);
  const usage = { provider: "openai", model: "m1", usage: { input: 1 } };
  const said = async (path: string, ...data: readonly unknown[]): Promise<unknown> => {
    const { json } = await bench.call("POST", path, { data });
    const { detail, field, remedy } = json.data.at(-1).error;
    return [field, detail, remedy];
  };
  assert.deepEqual(await said("/api/v1/usage", usage, 5), [
    "data[1]",
    "data[1] must be an object, not 5",
    "Give an object.",
  ]);
  const { model: _, ...noModel } = usage;
  assert.deepEqual(await said("/api/v1/usage", noModel), [
    "model",
    "model is missing",
    "Give the model that answered.",
  ]);
  const misspelt = [
    "attribution.tem",
    "attribution.tem is not a known field",
    "Did you mean team?",
  ];
  const attribution = { tem: "x" };
  assert.deepEqual(await said("/api/v1/usage", { ...usage, attribution }), misspelt);
  const charge = { item_id: "x", amount_usd: "1", attribution };
  assert.deepEqual(await said("/api/v1/charges", charge), misspelt);
  const epoch = await bench.call("POST", "/api/v1/epochs", { attribution });
  assert.deepEqual([epoch.json.field, epoch.json.remedy], [misspelt[0], misspelt[2]]);
  const missing = await bench.call("POST", "/api/v1/usage", {});
  assert.deepEqual(
    [missing.json.field, missing.json.remedy],
    ["data", 'Give a list: {"data":[…]}.'],
  );
  assert.deepEqual(await said("/api/v1/charges", { item_id: "x", quantity: "-1" }), [
    "quantity",
    'quantity: "-1" is not a quantity',
    'Give a plain decimal of at least 0 with at most 12 decimals, such as "1.5".',
  ]);
  const item = { ...hour, unit: "Call" };
  const { json } = await bench.call("PUT", "/api/v1/items/x", item);
  assert.match(json.remedy, /lower case: call/);
});
