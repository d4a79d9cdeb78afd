/**
 * Kills the provider under load: calls that reached it are charged, no hold remains, and calls work
 * again once it is back.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Crowd, standings, type Answered } from "./crowd.ts";
import { picoOf, sumPico, type Entry } from "./figures.ts";
import { startGateway, startSimulatorProcess } from "./process.ts";
import { always, providerKey } from "./settings.ts";

const callers = 60;

test("calls in flight at a killed provider are charged, and their holds are released", async () => {
  const simulator = await startSimulatorProcess();
  const { port } = new URL(simulator.url);
  const house = {
    wire: "openai" as const,
    base_url: `${simulator.url}/openai/v1`,
    api_key: providerKey("openai"),
  };
  const gateway = await startGateway({ providers: { house } });
  const price = { provider: "house", model: "sim-small", input: "0.15", output: "0.6" };
  assert.equal((await gateway.api("POST", "/api/v1/prices", { body: price })).status, 201);
  await gateway.makeBudget({
    budget_id: "all",
    budget_type: "platform",
    resource_id: "main",
    amount: "10",
    ...always,
  });
  const { key } = await gateway.makeKey();
  const crowd = new Crowd(gateway.url, callers);

  const calls = Array.from({ length: callers }, (_, number) => {
    // Streams begun by then last long enough to be cut, however slow the machine is.
    const stream = number % 2 === 0;
    const sim = { output: 10 + number, latency_ms: number * 8, gap_ms: stream ? 100 : 0 };
    return crowd.chat({
      key,
      model: "sim-small",
      stream,
      sim,
      operationId: `call-${number}`,
    });
  });
  await calls[5];
  await simulator.kill();
  const answers = await Promise.all(calls);

  const entries = new Map((await gateway.entries()).map((entry) => [entry.operation_id, entry]));
  assert.equal(entries.size, callers);
  answers.forEach((answer, number) =>
    checkEntry(entries.get(`call-${number}`), { answer, isStream: number % 2 === 0 }),
  );
  const statuses = new Set([...entries.values()].map(({ status }) => status));
  assert.ok(
    statuses.has("settled") && statuses.has("estimated") && statuses.has("unresolved"),
    [...statuses].join(),
  );

  const [all] = await standings(gateway);
  assert.deepEqual(
    [all?.held, all?.spent],
    [0n, sumPico([...entries.values()].map((entry) => entry.cost_usd))],
  );

  await startSimulatorProcess(["--port", port]);
  assert.equal((await crowd.chat({ key, model: "sim-small", operationId: "later" })).status, 200);
  await crowd.close();
});

function checkEntry(
  entry: Entry | undefined,
  { answer, isStream }: { readonly answer: Answered; readonly isStream: boolean },
): void {
  assert.ok(entry);
  const cost = picoOf(entry.cost_usd);
  if (answer.status === 200 && !answer.broken) {
    assert.equal(entry.status, "settled", entry.operation_id);
  } else if (answer.status === 200) {
    assert.ok(
      isStream && entry.status === "estimated" && cost > 0n,
      `${entry.operation_id} broke off: ${entry.status} at ${entry.cost_usd}`,
    );
  } else {
    assert.equal(answer.status, 502);
    const isCharged = entry.status === "unresolved" && cost > 0n;
    const wasNeverThere = entry.status === "released" && cost === 0n;
    assert.ok(
      isCharged || wasNeverThere,
      `${entry.operation_id} got no answer: ${entry.status} at ${entry.cost_usd}`,
    );
  }
}
