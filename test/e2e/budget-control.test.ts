/** 200 callers at a small budget that is paused, resumed, extended and killed: never overspent. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Crowd } from "./crowd.ts";
import { picoOf } from "./figures.ts";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { always, providerKey } from "./settings.ts";

const callers = 200;
const rounds = 3;

test("a budget that is paused and extended under 200 callers and kills is never overspent", async () => {
  const simulator = await startSimulatorProcess();
  const base_url = `${simulator.url}/openai/v1`;
  const house = { wire: "openai" as const, base_url, api_key: providerKey("openai") };
  const options = { providers: { house }, directory: await makeFolder() };
  let gateway = await startGateway(options);
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.613" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  const budget = { budget_id: "b", budget_type: "platform", resource_id: "main", ...always };
  await gateway.makeBudget({ ...budget, amount: "0.002" });
  const { key } = await gateway.makeKey({ project: "p" });

  for (let round = 1; round <= rounds; round++) {
    await control(gateway, "extend", { amount: "0.002" });
    const crowd = new Crowd(gateway.url, callers);
    const calls = Array.from({ length: callers }, () =>
      crowd.chat({ key, model: "sim-small", maxTokens: 60, sim: { output: 40, latency_ms: 20 } }),
    );
    await Promise.race(calls);
    await control(gateway, "pause", { reason: "r" });
    const refused = await crowd.chat({ key, model: "sim-small" });
    assert.deepEqual([refused.status, /budget_paused/.test(refused.text)], [402, true]);
    if (round % 2 === 1) await gateway.kill();
    // Resolves: no caller waits for ever.
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    assert.ok(statuses.every((status) => [0, 200, 402].includes(status)));
    await crowd.close();
    if (round % 2 === 1) gateway = await startGateway(options);
    const shown = await standing(gateway);
    assert.equal(shown["paused"]?.["reason"], "r", "the pause survives a kill");
    assert.equal(picoOf(String(shown["granted"])), picoOf("0.002") * BigInt(round));
    await control(gateway, "resume", {});
  }
  await gateway.stop();
  await simulator.stop();
});

async function control(gateway: GatewayProcess, name: string, body: object): Promise<void> {
  const { status } = await gateway.api("POST", `/api/v1/budgets/b/${name}`, { body });
  assert.equal(status, 200, name);
}

/** @returns The budget once nothing is held, within its limit. */
async function standing(gateway: GatewayProcess) {
  for (let tries = 0; ; tries++) {
    const shown = await gateway.budget("b");
    const amount = (field: string): bigint => picoOf(String(shown[field]));
    const limit = amount("amount") + amount("granted");
    assert.ok(amount("spent") + amount("held") <= limit, "within the limit");
    if (amount("held") === 0n) return shown;
    assert.ok(tries < 200, "every hold ends");
    await sleep(50);
  }
}
