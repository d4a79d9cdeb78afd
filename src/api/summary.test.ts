/** Tests the JSON of the cost summary. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { summaryOf } from "../app/report/summary.ts";
import type { CallRow, Totals } from "../app/port/reader.ts";
import { pico } from "../domain/money/money.ts";
import { openMeter } from "../domain/usage/open-meter.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { summaryJson } from "./summary.ts";

interface Group {
  readonly provider: string;
  readonly operation?: string;
  readonly calls: number;
  readonly cost: bigint;
  readonly usage: Usage;
  readonly latencyMs: number;
}

function totals({ provider, operation = "unattributed", cost, ...rest }: Group): Totals {
  return {
    group: { provider, operation, endpoint: "chat" },
    bucket: null,
    charges: 0,
    released: 0,
    refusals: 0,
    cost: pico(cost),
    chargeCost: pico(0n),
    timed: rest.calls,
    ...rest,
  };
}

const pages = openMeter("pages");

const rows: readonly Totals[] = [
  totals({
    provider: "anthropic",
    operation: "plan",
    calls: 2,
    cost: 5_000_000_000n,
    usage: { input: 4000, cache_read: 1000, output: 1000, [pages]: 7 },
    latencyMs: 300,
  }),
  totals({
    provider: "anthropic",
    operation: "check",
    calls: 1,
    cost: 2_000_000_000n,
    usage: { input: 1000, output: 500, reasoning: 9, web_search: 2, [pages]: 1 },
    latencyMs: 50,
  }),
  totals({
    provider: "openai",
    operation: "plan",
    calls: 1,
    cost: 1_000_000_000n,
    usage: { input: 2000, output: 500 },
    latencyMs: 100,
  }),
  totals({ provider: "openai", calls: 2, cost: 1n, usage: { input: 0, output: 0 }, latencyMs: 0 }),
];

test("a summary matches a calculation by hand", async () => {
  const summary = summaryJson(await summaryOf(rows, []));
  assert.deepEqual(summary, {
    total_cost: 0.008000000001,
    task_count: 6,
    charge_count: 0,
    charge_cost: 0,
    average_cost: 0.001333333334,
    by_provider: {
      anthropic: {
        total_cost: 0.007,
        input_tokens: 6000,
        output_tokens: 1500,
        task_count: 3,
        charge_count: 0,
        operations: {
          plan: { count: 2, charge_count: 0, total_cost: 0.005, avg_latency_ms: 150 },
          check: { count: 1, charge_count: 0, total_cost: 0.002, avg_latency_ms: 50 },
        },
      },
      openai: {
        total_cost: 0.001000000001,
        input_tokens: 2000,
        output_tokens: 500,
        task_count: 3,
        charge_count: 0,
        operations: {
          plan: { count: 1, charge_count: 0, total_cost: 0.001, avg_latency_ms: 100 },
          chat: { count: 2, charge_count: 0, total_cost: 1e-12, avg_latency_ms: 0 },
        },
      },
    },
    by_operation: {
      plan: {
        count: 3,
        charge_count: 0,
        total_cost: 0.006,
        avg_cost: 0.002,
        total_tokens: 8500,
        avg_latency_ms: 400 / 3,
      },
      check: {
        count: 1,
        charge_count: 0,
        total_cost: 0.002,
        avg_cost: 0.002,
        total_tokens: 1500,
        avg_latency_ms: 50,
      },
      chat: {
        count: 2,
        charge_count: 0,
        total_cost: 1e-12,
        avg_cost: 1e-12,
        total_tokens: 0,
        avg_latency_ms: 0,
      },
    },
    efficiency_metrics: {
      cost_per_1k_tokens: 0.0008,
      avg_tokens_per_task: 10_000 / 6,
      input_output_ratio: 4,
      total_input_tokens: 8000,
      total_output_tokens: 2000,
      total_tokens: 10_000,
    },
    meters: { web_search: 2, pages: 8 },
    tasks: [],
  });
});

test("averages are of calls: charges and unknown latencies are in none", async () => {
  const usage = { input: 1000 };
  const call = totals({ provider: "openai", calls: 2, cost: 4n, usage, latencyMs: 40 });
  const bill = { calls: 0, charges: 9, cost: pico(900n), chargeCost: pico(900n), usage: {} };
  const all = [
    { ...call, timed: 1 },
    { ...call, ...bill, latencyMs: 0, timed: 0, group: { ...call.group, provider: "tools" } },
  ];
  const { total, costPer1000Tokens } = await summaryOf(all, []);
  assert.deepEqual(
    [total.calls, total.charges, total.cost, total.chargeCost],
    [2, 9, pico(904n), pico(900n)],
  );
  assert.deepEqual([total.averageCost, total.averageLatencyMs], [pico(2n), 40]);
  assert.equal(costPer1000Tokens, pico(4n));
});

test("a summary of nothing is zeros", async () => {
  const { total_cost, task_count, average_cost, efficiency_metrics } = summaryJson(
    await summaryOf([], []),
  );
  assert.deepEqual([total_cost, task_count, average_cost], [0, 0, 0]);
  assert.deepEqual(Object.values(efficiency_metrics), [0, 0, 0, 0, 0, 0]);
});

test("an operation may have the name of a property that every object has", async () => {
  const group = { provider: "__proto__", operation: "constructor", calls: 1, cost: 1n };
  const summary = summaryJson(await summaryOf([totals({ ...group, usage: {}, latencyMs: 0 })], []));
  assert.equal(Object.hasOwn(summary.by_provider, "__proto__"), true);
  assert.equal(summary.by_operation["constructor"]?.count, 1);
});

test("a task's cost is split into input and output; fees count only in its total", async () => {
  const call: CallRow = {
    operationId: "op",
    attempt: 1,
    seq: 1,
    startedAt: 1_700_000_000_123,
    endedAt: 1_700_000_000_623,
    attribution: {},
    route: { provider: "openai", model: "asked", endpoint: "responses", keyId: null },
    status: "settled",
    model: "served",
    usage: { input: 10, cache_read: 5, output: 3, web_search: 1 },
    parts: [],
    charges: [
      { model: "served", meter: "input", quantity: 10, cost: pico(10_000_000n) },
      { model: "served", meter: "cache_read", quantity: 5, cost: pico(500_000n) },
      { model: "served", meter: "output", quantity: 3, cost: pico(30_000_000n) },
      { model: "served", meter: "web_search", quantity: 1, cost: pico(10_000_000_000n) },
    ],
    cost: pico(10_040_500_000n),
    reportedCost: null,
    rawUsage: null,
    flags: [],
    latencyMs: 500,
    correction: null,
    priceVersion: "1",
  };
  assert.deepEqual(summaryJson(await summaryOf([], [call])).tasks, [
    {
      timestamp: 1_700_000_000.123,
      provider: "openai",
      model: "served",
      operation: "responses",
      input_tokens: 15,
      output_tokens: 3,
      input_cost: 0.0000105,
      output_cost: 0.00003,
      total_cost: 0.0100405,
      latency_ms: 500,
    },
  ]);
});
