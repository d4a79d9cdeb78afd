/**
 * Costs that are no model call, delivered twice to a real process that is killed between: each is
 * charged once, in the budgets and in every figure.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { picoOf, sumPico } from "./figures.ts";
import { steer } from "./client.ts";
import { makeFolder, startGateway, startSimulatorProcess } from "./process.ts";
import { always } from "./settings.ts";

test("charges delivered twice, to a process that is killed between, are charged once", async () => {
  const directory = await makeFolder();
  const config = "items: [{ item_id: gpu, kind: infrastructure, unit: hour, price_usd: '2.5' }]";
  const options = { directory, config };
  let gateway = await startGateway(options);
  const budget = { budget_type: "platform", resource_id: "main", ...always };
  await gateway.makeBudget({ budget_id: "all", amount: "100000", ...budget });
  const item = { kind: "tool", unit: "call", price_usd: "0.005" };
  const set = await gateway.api("PUT", "/api/v1/items/search", { body: item });
  assert.equal(set.status, 200);
  await sleep(5);
  const batch = (number: number): object => ({
    data: Array.from({ length: 100 }, (_, row) => ({
      charge_id: `${number}-${row}`,
      item_id: row % 2 === 0 ? "gpu" : "search",
      quantity: `${row}.25`,
      attribution: { team: `t${row % 3}` },
    })),
  });
  for (let number = 0; number < 3; number++) {
    const sent = gateway.api("POST", "/api/v1/charges", { body: batch(number) }).catch(() => null);
    await sleep(Math.random() * 30);
    await gateway.kill();
    await sent;
    gateway = await startGateway(options);
  }
  for (let number = 0; number < 3; number++) {
    const { json } = await gateway.api("POST", "/api/v1/charges", { body: batch(number) });
    assert.equal(json["failed"], 0);
    const again = await gateway.api("POST", "/api/v1/charges", { body: batch(number) });
    assert.equal(again.json["repeated"], 100);
  }
  const entries = await gateway.entries();
  assert.equal(entries.length, 300);
  const total = sumPico(entries.map((entry) => entry.cost_usd));
  const once = Array.from(
    { length: 100 },
    (_, row) => (row + 0.25) * (row % 2 === 0 ? 2.5 : 0.005),
  );
  const dollars = once.reduce((sum, cost) => sum + cost, 0) * 3;
  assert.equal(total, picoOf(dollars.toFixed(6)));
  const { spent } = await gateway.budget("all");
  assert.equal(picoOf(String(spent)), total);
  for (const by of ["team", "provider", "team,model"]) {
    const { json } = await gateway.api("GET", `/api/v1/series?by=${by}`);
    const rows = json["groups"] as readonly { readonly cost_usd: string }[];
    assert.equal(sumPico(rows.map((row) => row.cost_usd)), total, by);
  }
  const { json: verified } = await gateway.api("POST", "/api/v1/verify");
  assert.equal(verified["ok"], true);
});

test("the header of a call is charged once, with the call's attribution, if the call fails too", async () => {
  const simulator = await startSimulatorProcess();
  const config = "items: [{ item_id: search, kind: tool, unit: call, price_usd: '0.5' }]";
  const options = { directory: await makeFolder(), config, simulatorUrl: simulator.url };
  let gateway = await startGateway(options);
  const { key } = await gateway.makeKey({ project: "p1" });
  const call = async (id: string, charge: string, more = ""): Promise<number> => {
    const { status } = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-purser-operation-id": id,
        "x-purser-charge": charge,
      },
      body: JSON.stringify({
        model: "sim-small",
        messages: [{ role: "user", content: steer(more) }],
      }),
    });
    return status;
  };
  assert.equal(await call("r1", "search=2"), 200);
  assert.equal(await call("r1", "search=2"), 200);
  assert.equal(await call("r2", "search", "fault=status:500"), 500);
  assert.equal(await call("r3", "unknown=1"), 400);
  assert.equal(await call("r3", "search=x"), 400);
  assert.equal(await call("r3", "search, search"), 400);
  await gateway.kill();
  gateway = await startGateway(options);
  const charges = await gateway.entries("endpoint=charge&project=p1");
  assert.deepEqual(
    charges.map((entry) => [entry.operation_id, entry.cost_usd]),
    [
      ["r2/charge/search", "0.5"],
      ["r1/charge/search", "1"],
    ],
  );
  assert.match(JSON.stringify(charges[1]), /request_id.{1,6}r1/);
});

test("the charges of a header are held with their call: of 100 at once, those that fit are made", async () => {
  const simulator = await startSimulatorProcess();
  const config = `
items: [{ item_id: gpu, kind: infrastructure, unit: hour, price_usd: '2' }]
limits: { hold_wait_ms: 1000 }`;
  const options = { directory: await makeFolder(), config, simulatorUrl: simulator.url };
  let gateway = await startGateway(options);
  const budget = { budget_type: "project", resource_id: "p1", ...always };
  await gateway.makeBudget({ budget_id: "p", amount: "1", ...budget });
  const { key } = await gateway.makeKey({ project: "p1" });
  const call = async (id: number): Promise<{ readonly status: number; readonly text: string }> => {
    const response = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "x-purser-operation-id": `c${id}`,
        "x-purser-charge": "gpu=0.07",
      },
      body: JSON.stringify({
        model: "sim-small",
        max_tokens: 10,
        messages: [{ role: "user", content: steer("") }],
      }),
    });
    return { status: response.status, text: await response.text() };
  };
  const answers = await Promise.all(Array.from({ length: 100 }, (_, id) => call(id)));
  const made = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 402);
  // A charge of 0.14 USD: seven fit in 1 USD beside their calls.
  assert.deepEqual([made.length, refused.length], [7, 93]);
  assert.match(refused[0]?.text ?? "", /budget_(?:exhausted|held)/);
  await gateway.kill();
  gateway = await startGateway(options);
  const charges = await gateway.entries("endpoint=charge&project=p1");
  assert.equal(charges.length, 7);
  const { spent, held } = await gateway.budget("p");
  assert.ok(picoOf(String(spent)) <= picoOf("1"));
  assert.equal(picoOf(String(held)), 0n);
  const { json: verified } = await gateway.api("POST", "/api/v1/verify");
  assert.equal(verified["ok"], true);
});
