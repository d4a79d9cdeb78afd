/** Revoking a key ends its calls in flight; the output delivered until then is charged. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { steer } from "./client.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type MadeKey,
  type SimulatorProcess,
} from "./process.ts";
import { always } from "./settings.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
});

function stream({ key }: MadeKey, project: string, more: string): Promise<Response> {
  return fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-purser-operation-id": project,
    },
    body: JSON.stringify({
      model: "sim-small",
      stream: true,
      messages: [{ role: "user", content: steer(more) }],
    }),
  });
}

async function revoke({ key_id: keyId }: MadeKey): Promise<void> {
  assert.equal((await gateway.api("DELETE", `/api/v1/keys/${keyId}`)).status, 200);
}

test("a revoked key's stream ends and is charged for its delivered output; another key's continues", async () => {
  const [mine, other] = [
    await gateway.makeKey({ project: "ends" }),
    await gateway.makeKey({ project: "stays" }),
  ];
  const [ending, staying] = await Promise.all([
    stream(mine, "ends", "output=2000 gap_ms=20"),
    stream(other, "stays", "output=60 gap_ms=20"),
  ]);
  const reader = ending.body?.getReader();
  await reader?.read();
  await revoke(mine);
  const rest = async (): Promise<void> => {
    while (!(await reader?.read())?.done);
  };
  await assert.rejects(rest());
  const [entry] = await gateway.entriesWhen(1, "project=ends");
  assert.equal(entry?.status, "estimated");
  assert.ok(Number(entry.usage["output"]) < 2000, JSON.stringify(entry.usage));
  assert.match(await staying.text(), /\[DONE\]/);
  const [kept] = await gateway.entriesWhen(1, "project=stays");
  assert.equal(kept?.status, "settled");
});

test("a call that waits for room is not made once its key is revoked", async () => {
  await gateway.makeBudget({
    budget_id: "narrow",
    budget_type: "project",
    resource_id: "narrow",
    amount: "0.001",
    ...always,
  });
  const [first, second] = [
    await gateway.makeKey({ project: "narrow" }),
    await gateway.makeKey({ project: "narrow" }),
  ];
  const call = ({ key }: MadeKey, tag: string, more: string) =>
    fetch(`${gateway.url}/openai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "sim-small",
        max_tokens: 1200,
        messages: [{ role: "user", content: steer(`tag=${tag} ${more}`) }],
      }),
    });
  const one = call(first, "goes", "latency_ms=1500 output=5");
  await sleep(300);
  const two = call(second, "waits", "output=5");
  await sleep(300);
  await revoke(second);
  assert.equal((await one).status, 200);
  assert.equal((await two).status, 401);
  assert.deepEqual(await simulator.books("waits"), []);
  assert.equal((await gateway.budget("narrow"))["held"], "0");
});
