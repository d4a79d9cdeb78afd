/**
 * Spans delivered at least once to a real process that is killed between: each call is charged once,
 * and calls through the gateway are not counted by their spans.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFolder, startGateway, startSimulatorProcess, type GatewayProcess } from "./process.ts";
import { always } from "./settings.ts";

const batches = 4;
const spansPerBatch = 100;

interface Value {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

function text(key: string, stringValue: string): Value {
  return { key, value: { stringValue } };
}

function count(key: string, value: number): Value {
  return { key, value: { intValue: String(value) } };
}

const call: readonly Value[] = [
  text("gen_ai.operation.name", "chat"),
  text("gen_ai.provider.name", "house"),
  text("gen_ai.request.model", "m"),
  count("gen_ai.usage.input_tokens", 100),
  count("gen_ai.usage.output_tokens", 10),
];

function span(number: number, attributes: readonly Value[], now: number): object {
  const nano = `${now}000000`;
  return {
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: (number + 1).toString(16).padStart(16, "0"),
    name: "chat",
    startTimeUnixNano: nano,
    endTimeUnixNano: nano,
    attributes,
  };
}

function trace(spans: readonly object[]): object {
  const resource = { attributes: [text("service.name", "shop")] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}

/** Undefined if the process is killed meanwhile. */
async function deliver(gateway: GatewayProcess, body: object, signal = "traces"): Promise<unknown> {
  try {
    const response = await fetch(`${gateway.url}/v1/${signal}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200);
    return await response.json();
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return undefined;
  }
}

test("spans delivered again, to a process that is killed between, are charged once", async () => {
  const directory = await makeFolder();
  const price = "prices: [{ provider: house, model: m, input: '1', output: '10' }]";
  let gateway = await startGateway({ directory, config: price });
  const budget = { budget_type: "project", resource_id: "shop", amount: "100", ...always };
  await gateway.makeBudget({ budget_id: "shop", ...budget });
  const now = Date.now();
  const batchOf = (batch: number): object =>
    trace(
      Array.from({ length: spansPerBatch }, (_, row) =>
        span(batch * spansPerBatch + row, call, now),
      ),
    );
  for (let batch = 0; batch < batches; batch++) {
    const sent = deliver(gateway, batchOf(batch));
    await sleep(Math.random() * 40);
    await gateway.kill();
    await sent;
    gateway = await startGateway({ directory, config: price });
  }
  for (const batch of [0, 1, 2, 3, 0, 1])
    assert.deepEqual(await deliver(gateway, batchOf(batch)), {});
  const entries = await gateway.entries();
  assert.equal(entries.length, batches * spansPerBatch);
  assert.deepEqual(new Set(entries.map(({ cost_usd }) => cost_usd)), new Set(["0.0002"]));
  assert.equal((await gateway.budget("shop"))["spent"], "0.08");
});

test("the span of a call through the gateway is not counted", async () => {
  const simulator = await startSimulatorProcess();
  const gateway = await startGateway({ simulatorUrl: simulator.url });
  const { key } = await gateway.makeKey({ project: "shop" });
  const response = await fetch(`${gateway.url}/openai/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: "sim-small", messages: [{ role: "user", content: "hi" }] }),
  });
  assert.equal(response.status, 200);
  await response.text();
  const id = response.headers.get("x-purser-operation-id") ?? "";
  assert.equal((await gateway.entriesWhen(1)).length, 1);
  const { hostname, port } = new URL(gateway.url);
  const server = [text("server.address", hostname), count("server.port", Number(port))];
  const body = trace([
    span(1, [...call, text("purser.operation_id", id)], Date.now()),
    span(2, [...call, ...server], Date.now()),
  ]);
  assert.deepEqual(await deliver(gateway, body), {});
  assert.equal((await gateway.entries()).length, 1);
});

const started = Date.now() - 60_000;

function metrics(session: string, { at, input }: { at: number; input: number }): object {
  const attributes = ["session.id", "model", "type"].map((name, index) =>
    text(name, [session, "m", "input"][index] ?? ""),
  );
  const point = {
    attributes,
    startTimeUnixNano: `${started}000000`,
    timeUnixNano: `${at}000000`,
    asInt: String(input),
  };
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] };
  const metric = { name: "claude_code.token.usage", sum };
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] };
}

function event(session: string): object {
  const attributes = [
    text("session.id", session),
    text("model", "m"),
    count("input_tokens", 7),
    text("request_id", `req-${session}`),
  ];
  const record = {
    timeUnixNano: `${started}000000`,
    eventName: "claude_code.api_request",
    attributes,
  };
  return { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] };
}

test("a restart neither forgets how a session is counted, nor what was counted of it", async () => {
  const directory = await makeFolder();
  let gateway = await startGateway({ directory });
  const now = Date.now();
  assert.deepEqual(await deliver(gateway, event("by-events"), "logs"), {});
  const first = metrics("by-metrics", { at: now - 2000, input: 100 });
  assert.deepEqual(await deliver(gateway, first, "metrics"), {});
  await gateway.kill();
  gateway = await startGateway({ directory });
  const later = { at: now - 1000, input: 130 };
  for (const session of ["by-events", "by-metrics"])
    assert.deepEqual(await deliver(gateway, metrics(session, later), "metrics"), {});
  assert.deepEqual(await deliver(gateway, event("by-metrics"), "logs"), {});
  const entries = await gateway.entries();
  const counted = entries.map(({ usage }) => usage["input"]).sort((a = 0, b = 0) => a - b);
  assert.deepEqual(counted, [7, 30, 100]);
});
