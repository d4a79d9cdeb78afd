/**
 * Callers that disconnect while waiting for room, and callers that stay connected but read nothing.
 */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Crowd, standings } from "./crowd.ts";
import { picoOf, sumPico } from "./figures.ts";
import {
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type SimulatorProcess,
} from "./process.ts";
import { always, providerKey } from "./settings.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;

before(async () => {
  simulator = await startSimulatorProcess();
  const house = {
    wire: "openai" as const,
    base_url: `${simulator.url}/openai/v1`,
    api_key: providerKey("openai"),
  };
  gateway = await startGateway({ providers: { house }, config: "limits: { idle_stream_ms: 500 }" });
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.6" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
    ...always,
  });
});

/** Waits until nothing is held: an abandoned call ends by itself. */
async function untilQuiet(): Promise<void> {
  for (let looks = 0; (await standings(gateway)).some(({ held }) => held > 0n); looks++) {
    assert.ok(looks < 400, "every hold ends");
    await sleep(25);
  }
}

test("a call whose caller left while waiting for room is not forwarded", async () => {
  // Room for one call at its ceiling, and for many at their real cost.
  await gateway.makeBudget({
    budget_id: "p",
    budget_type: "project",
    resource_id: "p",
    amount: "0.00026",
    ...always,
  });
  const { key } = await gateway.makeKey({ project: "p" });
  const crowd = new Crowd(gateway.url, 2);
  const call = { key, model: "sim-small", maxTokens: 400, headers: { "x-purser-fit": "off" } };
  await crowd.chat({ ...call, operationId: "warm", sim: { output: 5 } });
  const first = crowd.chat({ ...call, operationId: "first", sim: { output: 5, latency_ms: 600 } });
  await sleep(150);
  const second = await crowd.chat({
    ...call,
    operationId: "second",
    sim: { output: 5, tag: "second" },
    signal: AbortSignal.timeout(150),
  });
  assert.equal(second.status, 0);
  assert.equal((await first).status, 200);
  await untilQuiet();
  assert.deepEqual(await simulator.books("second"), []);
  const rows = await gateway.entries("operation_id=second");
  assert.ok(rows.every(({ status, cost_usd }) => status === "released" && cost_usd === "0"));
  await crowd.close();
});

test("a caller that stays and reads nothing is ended by the idle limit, and charged for what passed", async () => {
  const { key } = await gateway.makeKey({ project: "slow" });
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port: Number(port) });
  const body = JSON.stringify({
    model: "sim-small",
    stream: true,
    sim: { output: 100_000, tag: "slow" },
    messages: [{ role: "user", content: "Talk." }],
  });
  socket.on("error", () => undefined).pause();
  socket.write(
    `POST /house/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\n`,
  );
  socket.write(`content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const [entry] = await gateway.entriesWhen(1, "project=slow");
  socket.destroy();
  assert.ok(entry);
  assert.equal(entry.status, "estimated");
  assert.ok(picoOf(entry.cost_usd) > 0n);
  await untilQuiet();
  const rows = (await gateway.entries()).map(({ cost_usd }) => cost_usd);
  const [all] = await standings(gateway);
  assert.equal(all?.spent, sumPico(rows));
});
