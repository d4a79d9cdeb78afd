/**
 * Operation ids: a repeat in flight is refused; a later repeat is a new attempt, charged if the
 * provider charges it.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { openaiAt, steer } from "./client.ts";
import { sumPico, type Entry } from "./figures.ts";
import {
  makeFolder,
  startGateway,
  startSimulatorProcess,
  type GatewayProcess,
  type MadeKey,
  type SimulatorProcess,
} from "./process.ts";
import { costOfRow } from "./reconcile.ts";

let simulator: SimulatorProcess;
let gateway: GatewayProcess;
let key: string;

before(async () => {
  simulator = await startSimulatorProcess();
  gateway = await startGateway({ simulatorUrl: simulator.url });
  ({ key } = await gateway.makeKey({ project: "p1" }));
});

/** The operation id is also the tag in the books. */
function ask(operationId: string, more = "", client = openaiAt(gateway, { key, path: "/openai" })) {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "user", content: steer(`tag=${operationId} ${more}`) },
  ];
  return client.chat.completions
    .create({ model: "sim-small", messages }, { headers: { "x-purser-operation-id": operationId } })
    .withResponse();
}

/** Newest first, as they come. */
function attempts(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ attempt, status }) => `${attempt} ${status}`);
}

async function untilHeld(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const text = String((await gateway.api("GET", "/metrics")).json);
    if (/^purser_open_holds [1-9]/m.test(text)) return;
    await sleep(10);
  }
  assert.fail("no call is under way");
}

test("the same id while it is in flight is refused with 409, and charged once", async () => {
  const first = ask("in-flight", "latency_ms=1500");
  await untilHeld();
  const client = openaiAt(gateway, { key, path: "/openai" });
  client.maxRetries = 0;
  const error = await ask("in-flight", "", client).then(
    () => assert.fail("it was admitted"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpenAI.ConflictError);
  assert.deepEqual(
    [error.status, error.code, error.param],
    [409, "conflict", "x-purser-operation-id"],
  );
  await first;
  const entries = await gateway.entries("operation_id=in-flight");
  assert.deepEqual(attempts(entries), ["1 settled"]);
  assert.equal((await simulator.books("in-flight")).length, 1);
});

test("the SDK does not retry a refusal for a call in flight: the first would end meanwhile, and a second be charged", async () => {
  const first = ask("not-repeated", "latency_ms=1200");
  await untilHeld();
  await assert.rejects(ask("not-repeated"), OpenAI.ConflictError);
  await first;
  assert.equal((await simulator.books("not-repeated")).length, 1);
});

test("the same id after it ended is attempt 2, and both are charged", async () => {
  const one = await ask("again", "input=100 output=10");
  const two = await ask("again", "input=100 output=20");
  assert.deepEqual(
    [one, two].map(({ response }) => response.headers.get("x-purser-operation-id")),
    ["again", "again"],
  );
  const entries = await gateway.entries("operation_id=again");
  assert.deepEqual(attempts(entries), ["2 settled", "1 settled"]);
  const rows = await simulator.books("again");
  assert.equal(
    sumPico(entries.map(({ cost_usd }) => cost_usd)),
    rows.reduce((sum, row) => sum + costOfRow(row), 0n),
  );
});

test("an attempt that the provider refused is released, and the next one is charged", async () => {
  const client = openaiAt(gateway, { key, path: "/openai" });
  client.maxRetries = 0;
  await assert.rejects(ask("second-luck", "fault=500", client), OpenAI.InternalServerError);
  await ask("second-luck");
  const entries = await gateway.entries("operation_id=second-luck");
  assert.deepEqual(attempts(entries), ["2 settled", "1 released"]);
});

test("each SDK retry is a separate operation, unless the caller sets an id", async () => {
  await assert.rejects(ask("named", "fault=500"), OpenAI.InternalServerError);
  const entries = await gateway.entries("operation_id=named");
  assert.deepEqual(attempts(entries), ["3 released", "2 released", "1 released"]);
});

function attemptsByProject(entries: readonly Entry[]): readonly string[] {
  return entries
    .map(({ attempt, attribution }) => `${String(attribution["project"])} ${attempt}`)
    .sort((one, two) => (one < two ? -1 : 1));
}

test("ids of another key's calls, in flight or ended, can be used", async () => {
  const other = await gateway.makeKey({ project: "p2" });
  const client = openaiAt(gateway, { key: other.key, path: "/openai" });
  client.maxRetries = 0;
  const first = ask("shared", "latency_ms=800");
  await untilHeld();
  const second = await ask("shared", "", client);
  assert.equal(second.response.headers.get("x-purser-operation-id"), "shared");
  await first;
  await ask("shared", "", client);
  const entries = await gateway.entries("operation_id=shared");
  assert.deepEqual(attemptsByProject(entries), ["p1 1", "p2 1", "p2 2"]);
});

test("attempts are numbered per key, even after a restart", async () => {
  const directory = await makeFolder();
  let own = await startGateway({ simulatorUrl: simulator.url, directory });
  const [one, two] = [await own.makeKey({ project: "p1" }), await own.makeKey({ project: "p2" })];
  const call = (made: MadeKey) =>
    ask("kept", "", openaiAt(own, { key: made.key, path: "/openai" }));
  await call(one);
  await call(one);
  await call(two);
  await own.stop();
  own = await startGateway({ simulatorUrl: simulator.url, directory });
  await call(two);
  const entries = await own.entries("operation_id=kept");
  assert.deepEqual(attemptsByProject(entries), ["p1 1", "p1 2", "p2 1", "p2 2"]);
  await own.stop();
});
