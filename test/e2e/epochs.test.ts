/** Epochs of a real process: figures restart from zero, nothing is deleted, budgets are not affected. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { EpochJson } from "../../src/contract/epoch.ts";
import { makeFolder, startGateway, type GatewayProcess } from "./process.ts";

let gateway: GatewayProcess;
let directory: string;

before(async () => {
  directory = await makeFolder();
  gateway = await startGateway({ directory });
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "1",
    period: "month",
  });
});

async function spend(id: string, project: string): Promise<void> {
  const row = { operation_id: id, provider: "openai", model: "m", amount_usd: "0.01" };
  const body = { data: [{ ...row, attribution: { project } }] };
  const { json } = await gateway.api("POST", "/api/v1/usage", { body });
  assert.equal(json["recorded"], 1, JSON.stringify(json));
}

async function cost(query: string): Promise<number> {
  const { status, json } = await gateway.api("GET", `/api/v1/summary?${query}`);
  assert.equal(status, 200, JSON.stringify(json));
  return json["total_cost"] ?? NaN;
}

test("figures restart for the scope of an epoch; earlier ones remain", async () => {
  const none = await gateway.api("GET", "/api/v1/summary?from=epoch");
  assert.equal(none.status, 400);
  assert.equal(none.json["field"], "from");
  assert.match(none.json["remedy"] ?? "", /POST \/api\/v1\/epochs/);

  await spend("a", "p1");
  await spend("b", "p2");
  const body = { name: "handover", attribution: { project: "p1" }, note: "why" };
  const started = await gateway.api("POST", "/api/v1/epochs", { body });
  assert.equal(started.status, 201, JSON.stringify(started.json));
  await spend("c", "p1");

  assert.equal(await cost("from=epoch&project=p1"), 0.01);
  assert.equal(await cost("project=p1"), 0.02);
  assert.equal((await gateway.api("GET", "/api/v1/summary?from=epoch")).status, 400);
  assert.equal((await gateway.api("GET", "/api/v1/series?from=epoch&project=p2")).status, 400);

  await gateway.api("POST", "/api/v1/epochs", { body: {} });
  assert.equal(await cost("from=epoch"), 0);
  assert.equal(await cost("from=epoch&project=p1"), 0);
  assert.equal(await cost("tasks=0"), 0.03);
  for (const route of ["series?bucket=none&", "report?", "exports/json?"])
    assert.equal((await gateway.api("GET", `/api/v1/${route}from=epoch`)).status, 200, route);
  assert.equal((await gateway.budget("all"))["spent"], "0.03");
});

test("epochs are in the journal: they survive a restart and are events", async () => {
  const before = (await gateway.api("GET", "/api/v1/epochs")).json["data"];
  await gateway.kill();
  gateway = await startGateway({ directory });
  const { json } = await gateway.api("GET", "/api/v1/epochs");
  assert.deepEqual(json["data"], before);
  assert.equal(json["data"]?.[0]?.["note"], "why");
  assert.equal(await cost("from=epoch"), 0);
  const answer = await fetch(`${gateway.url}/api/v1/events?after=0&type=epoch.*`, {
    headers: { authorization: `Bearer ${gateway.adminKey}`, accept: "application/json" },
  });
  const { data } = (await answer.json()) as { readonly data: readonly { subject: string }[] };
  assert.deepEqual(
    data.map(({ subject }) => subject),
    ["epoch-1", "epoch-2"],
  );
});

test("a reader sees the epochs of its own scope, and neither who started them nor why", async () => {
  const reader = await gateway.makeKey({ project: "p2" }, { role: "reader" });
  for (const attribution of [{ team: "t9" }, { project: "p2", team: "t9" }, { project: "p2" }])
    await gateway.api("POST", "/api/v1/epochs", { body: { attribution, note: "secret note" } });
  const seen = async (key: string): Promise<readonly unknown[]> => {
    const { json } = await gateway.api("GET", "/api/v1/epochs", { key });
    return (json["data"] as unknown as readonly EpochJson[]).map((epoch) => [
      epoch.epoch_id,
      epoch.by,
      epoch.note,
    ]);
  };
  assert.deepEqual(await seen(reader.key), [
    ["epoch-2", null, null],
    ["epoch-5", null, null],
  ]);
  const all = await gateway.makeKey({}, { role: "reader" });
  assert.equal((await seen(all.key)).length, 5);
  assert.ok(!JSON.stringify(await seen(all.key)).includes("secret"));
  const made = await gateway.api("POST", "/api/v1/epochs", { key: reader.key, body: {} });
  assert.equal(made.status, 403);
});
