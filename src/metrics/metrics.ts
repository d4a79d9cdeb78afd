/** What the process counts of itself, as Prometheus text. Counting is cheap; the text is made when it is asked for. */

import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Observer } from "../app/observer.ts";
import type { Ledger } from "../app/ports.ts";
import { add, toNumber, zero, type PicoUsd } from "../domain/money/money.ts";
import { tokenMeters } from "../domain/usage/usage.ts";

export interface Metrics extends Observer {
  /** Prometheus text. */
  text(): Promise<string>;
  close(): void;
}

/** @param ledger Asked for its open holds when the text is made. */
export function makeMetrics({ ledger, version }: { readonly ledger: Pick<Ledger, "openHolds">; readonly version: string }): Metrics {
  const registry = new Registry();
  const counts = countersIn(registry);
  const spend = spendIn(registry);
  const loop = watchEventLoop(registry);
  watchHolds(registry, ledger);
  describeProcess(registry, version);
  const latencies = new Map<string, (seconds: number) => void>();
  const latency = latencyIn(registry);

  return {
    callEnded({ provider, outcome }) {
      counts.calls(provider, outcome.status);
      spend.add(provider, outcome.cost.usd);
      for (const meter of tokenMeters) {
        const count = outcome.usage[meter];
        if (count) counts.tokens(count, provider, meter);
      }
    },
    callFailed: ({ provider, status }) => counts.failures(provider, String(status)),
    refused: ({ reason }) => counts.refusals(reason),
    thresholdCrossed: () => counts.thresholds(),
    failed: () => counts.faults(),
    answered({ provider, seconds }) {
      let observe = latencies.get(provider);
      if (!observe) {
        const bound = latency.labels(provider);
        latencies.set(provider, (observe = (value) => bound.observe(value)));
      }
      observe(seconds);
    },
    text: () => registry.metrics(),
    close: () => void loop.disable(),
  };
}

/** Counters bound to their labels once, since looking labels up costs more than counting. */
function countersIn(registry: Registry) {
  const calls = bound(registry, "purser_calls_total", ["provider", "status"], "Calls that were charged, by how they ended.");
  const tokens = bound(registry, "purser_tokens_total", ["provider", "meter"], "Tokens charged, by what they are counted as.");
  const failures = bound(
    registry,
    "purser_upstream_failures_total",
    ["provider", "status"],
    "Calls that the provider did not serve, and nothing was charged; 502 when it was not reached.",
  );
  const refusals = bound(registry, "purser_refusals_total", ["reason"], "Calls that a budget refused.");
  const thresholds = bound(registry, "purser_thresholds_crossed_total", [], "Thresholds of budgets that were crossed.");
  const faults = bound(registry, "purser_faults_total", [], "Faults of Purser itself that were contained.");
  return {
    calls: (...labels: string[]) => calls(1, labels),
    tokens: (count: number, ...labels: string[]) => tokens(count, labels),
    failures: (...labels: string[]) => failures(1, labels),
    refusals: (...labels: string[]) => refusals(1, labels),
    thresholds: () => thresholds(1, []),
    faults: () => faults(1, []),
  };
}

type Count = (by: number, labels: readonly string[]) => void;

// oxlint-disable-next-line max-params -- a table of counters reads best on one line each
function bound(registry: Registry, name: string, labelNames: readonly string[], help: string): Count {
  const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  const children = new Map<string, { inc(by: number): void }>();
  return (by, labels) => {
    const key = labels.join("\n");
    let child = children.get(key);
    if (!child) children.set(key, (child = counter.labels(...labels)));
    child.inc(by);
  };
}

/** Kept as exact integers; a float is made of the sum, never added to. */
function spendIn(registry: Registry): { add(provider: string, cost: PicoUsd): void } {
  const spent = new Map<string, PicoUsd>();
  const counter = new Counter({
    name: "purser_spend_usd_total",
    help: "What calls cost.",
    labelNames: ["provider"],
    registers: [registry],
    collect() {
      counter.reset();
      for (const [provider, cost] of spent) counter.labels(provider).inc(toNumber(cost));
    },
  });
  return { add: (provider, cost) => void spent.set(provider, add(spent.get(provider) ?? zero, cost)) };
}

function latencyIn(registry: Registry): Histogram<"provider"> {
  return new Histogram({
    name: "purser_upstream_latency_seconds",
    help: "From asking a provider to the beginning of its answer.",
    labelNames: ["provider"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
}

function watchHolds(registry: Registry, ledger: Pick<Ledger, "openHolds">): void {
  gauge(registry, { name: "purser_open_holds", help: "Calls under way.", read: () => ledger.openHolds().length });
  gauge(registry, {
    name: "purser_held_usd",
    help: "What calls under way may still cost.",
    read: () => toNumber(ledger.openHolds().reduce((sum, hold) => add(sum, hold.amount.usd), zero)),
  });
}

/** A gauge that is read when the text is made. */
function gauge(
  registry: Registry,
  { name, help, read }: { readonly name: string; readonly help: string; readonly read: () => number },
): void {
  const made = new Gauge({
    name,
    help,
    registers: [],
    collect() {
      this.set(read());
    },
  });
  registry.registerMetric(made);
}

const nanoseconds = 1e9;

function watchEventLoop(registry: Registry): { disable(): boolean } {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const lag = new Gauge({
    name: "purser_event_loop_lag_seconds",
    help: "How late the event loop was since the last look.",
    labelNames: ["quantile"],
    registers: [registry],
    collect() {
      for (const percent of [50, 99])
        lag.labels(String(percent / 100)).set(delay.count === 0 ? 0 : delay.percentile(percent) / nanoseconds);
      delay.reset();
    },
  });
  return delay;
}

function describeProcess(registry: Registry, version: string): void {
  new Gauge({ name: "purser_info", help: "The version that runs.", labelNames: ["version"], registers: [registry] }).labels(version).set(1);
  gauge(registry, { name: "process_resident_memory_bytes", help: "Memory of the process.", read: () => process.memoryUsage.rss() });
  gauge(registry, {
    name: "process_cpu_seconds",
    help: "Processor time used so far.",
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
}
