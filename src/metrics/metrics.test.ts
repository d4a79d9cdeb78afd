/** The Prometheus metrics. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenHold } from "../app/port/ledger.ts";
import type { Outcome } from "../domain/ledger/entry.ts";
import { pico } from "../domain/money/money.ts";
import { makeMetrics } from "./metrics.ts";

const outcome: Outcome = {
  status: "settled",
  model: "m",
  usage: { input: 10, cache_read: 3, output: 2, reasoning: 1, web_search: 4 },
  charges: [],
  cost: { usd: pico(1n), tokens: 15n, requests: 1n },
  reportedCost: null,
  rawUsage: null,
  flags: [],
  latencyMs: 5,
  priceVersion: "1",
};

const hold: OpenHold = {
  operationId: "o",
  attempt: 1,
  at: 0,
  attribution: {},
  route: { provider: "p", model: "m", endpoint: "chat", keyId: null },
  amount: { usd: pico(500_000_000_000n), tokens: 0n, requests: 1n },
  expiresAt: null,
};

test("events are counted, and open holds are read on request", async (t) => {
  const open: OpenHold[] = [hold];
  const metrics = makeMetrics({
    ledger: { openHolds: async () => open },
    version: "1.0.0",
    pricesUpdatedAt: () => 1_772_690_400_000,
    providers: [],
  });
  t.after(() => metrics.close());
  metrics.callEnded({ provider: "p", model: "m", outcome });
  metrics.callEnded({ provider: "p", model: "m", outcome: { ...outcome, status: "estimated" } });
  metrics.callEnded({
    provider: "q",
    model: "m",
    outcome: { ...outcome, usage: {}, flags: ["cost_differs", "usage_implausible"] },
  });
  metrics.callUnpriced({ provider: "p", model: "m" });
  metrics.callFailed({ provider: "p", status: 500, withConfiguredKey: true });
  metrics.refused({ reason: "budget_exhausted", budgetId: "b", windowEnd: null });
  for (const seconds of [0.01, 0.02, 99]) metrics.answered({ provider: "p", seconds });
  metrics.failed("something", new Error("x"));
  const text = await metrics.text();
  for (const line of [
    'purser_calls_total{provider="p",status="settled"} 1',
    'purser_calls_total{provider="p",status="estimated"} 1',
    'purser_tokens_total{provider="p",meter="input"} 20',
    'purser_tokens_total{provider="p",meter="cache_read"} 6',
    'purser_flagged_calls_total{provider="q",flag="cost_differs"} 1',
    'purser_flagged_calls_total{provider="q",flag="usage_implausible"} 1',
    'purser_unpriced_calls_total{provider="p"} 1',
    'purser_upstream_failures_total{provider="p",status="500"} 1',
    'purser_refusals_total{reason="budget_exhausted"} 1',
    "# TYPE purser_upstream_latency_seconds histogram",
    'purser_upstream_latency_seconds_bucket{le="0.005",provider="p"} 0',
    'purser_upstream_latency_seconds_bucket{le="0.01",provider="p"} 1',
    'purser_upstream_latency_seconds_bucket{le="0.025",provider="p"} 2',
    'purser_upstream_latency_seconds_bucket{le="60",provider="p"} 2',
    'purser_upstream_latency_seconds_bucket{le="+Inf",provider="p"} 3',
    'purser_upstream_latency_seconds_sum{provider="p"} 99.03',
    'purser_upstream_latency_seconds_count{provider="p"} 3',
    "purser_faults_total 1",
    "purser_open_holds 1",
    "purser_held_usd 0.5",
    'purser_info{version="1.0.0"} 1',
    "purser_price_book_timestamp_seconds 1772690400",
  ])
    assert.ok(text.split("\n").includes(line), line);
  assert.doesNotMatch(text, /web_search|reasoning/);
  open.pop();
  assert.match(await metrics.text(), /purser_open_holds 0/);
});

test("spend is added up exactly: a hundred thousand calls of 0.1 USD are 10,000 USD", async (t) => {
  const metrics = makeMetrics({
    ledger: { openHolds: async () => [] },
    version: "1.0.0",
    pricesUpdatedAt: () => 1_772_690_400_000,
    providers: [],
  });
  t.after(() => metrics.close());
  const call = {
    provider: "p",
    model: "m",
    outcome: { ...outcome, cost: { ...outcome.cost, usd: pico(100_000_000_000n) } },
  };
  for (let index = 0; index < 100_000; index++) metrics.callEnded(call);
  assert.match(await metrics.text(), /purser_spend_usd_total\{provider="p"\} 10000\n/);
});

test("event-loop delay excludes the sampling interval", async (t) => {
  const metrics = makeMetrics({
    ledger: { openHolds: async () => [] },
    version: "1.0.0",
    pricesUpdatedAt: () => 1_772_690_400_000,
    providers: [],
  });
  t.after(() => metrics.close());
  const lag = async (quantile: string): Promise<number> =>
    Number(
      new RegExp(`lag_seconds\\{quantile="${quantile}"\\} (\\S+)`).exec(await metrics.text())?.[1],
    );
  // A busy machine may delay some samples, but not all of them.
  let idle = Number.POSITIVE_INFINITY;
  for (let looks = 0; looks < 40 && idle >= 0.02; looks++) {
    await sleep(250);
    idle = await lag("0.5");
  }
  assert.ok(idle < 0.02, `${idle} s late with nothing to do`);
  // The first sample after a reading only starts an interval.
  await sleep(250);
  const start = performance.now();
  while (performance.now() - start < 500);
  await sleep(50);
  assert.ok((await lag("0.99")) > 0.2, "half a second without a turn is seen");
});

test("providers that callers name over the API have a bounded number of labels", async () => {
  const metrics = makeMetrics({
    ledger: { openHolds: async () => [] },
    version: "1.0.0",
    pricesUpdatedAt: () => 1_772_690_400_000,
    providers: ["configured"],
  });
  for (let number = 0; number < 1000; number++)
    metrics.callEnded({ provider: `name${number}`, model: "m", outcome });
  metrics.callEnded({ provider: "configured", model: "m", outcome });
  const text = await metrics.text();
  const series = [...text.matchAll(/^purser_calls_total\{provider="(\w+)",.* (\d+)$/gm)];
  const counts = new Map(series.map(([, provider, count]) => [provider, Number(count)]));
  assert.deepEqual([counts.size, counts.get("other"), counts.get("configured")], [52, 950, 1]);
  metrics.close();
});
