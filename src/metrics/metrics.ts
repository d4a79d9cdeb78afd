/** Prometheus metrics of the process. Counting is cheap; the text is built on request. */

import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Registry } from "prom-client";
import type { Observer } from "../app/port/observer.ts";
import type { Ledger } from "../app/port/ledger.ts";
import { add, toNumber, zero, type PicoUsd } from "../domain/money/money.ts";
import { tokenMeters, totalUsage } from "../domain/usage/usage.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

export interface Metrics extends Observer {
  /**
   * Prometheus text: for all calls and the process, or for the process alone, which reveals nothing
   * about spend.
   */
  text(of?: { readonly ofAllCalls: boolean }): Promise<string>;
  close(): void;
}

interface MetricsOptions {
  /** Queried for open holds when the text is built. */
  readonly ledger: Pick<Ledger, "openHolds">;
  readonly version: string;
  /** The newest date of the price book's sources, read when the text is built. */
  readonly pricesUpdatedAt: () => number;
  /** A provider whose costs are simulated and excluded from spend; none by default. */
  readonly apart?: string | undefined;
  /** Names of the configured providers. */
  readonly providers: readonly string[];
}

/** Callers of the API choose provider names, and each is a series of its own in a monitoring system. */
const mostOtherProviders = 50;

export function makeMetrics(options: MetricsOptions): Metrics {
  const { ledger, version, apart, providers, pricesUpdatedAt } = options;
  const labels = new ProviderLabels(providers);
  const registry = new Registry();
  const counts = countersIn(registry);
  const spend = spendIn(registry, { name: "purser_spend_usd_total", help: "Cost of calls." });
  const simulated = spendIn(registry, {
    name: "purser_simulated_spend_usd_total",
    help: "Simulated cost of calls to the simulator.",
  });
  watchHolds(registry, ledger);
  const ofProcess = new Registry();
  const loop = watchEventLoop(ofProcess);
  describeProcess(ofProcess, version);
  gauge(ofProcess, {
    name: "purser_price_book_timestamp_seconds",
    help: "Unix time of the newest source of the price book.",
    read: () => pricesUpdatedAt() / 1000,
  });
  const latency = new LatencyHistogram(registry, {
    name: "purser_upstream_latency_seconds",
    help: "Time to first byte of a provider's answer, in seconds.",
  });

  return {
    callEnded({ provider: name, outcome }) {
      const provider = labels.of(name);
      counts.calls.add(1, provider, outcome.status);
      (provider === apart ? simulated : spend).add(provider, outcome.cost.usd);
      const usage = totalUsage(outcome);
      for (const flag of outcome.flags) counts.flagged.add(1, provider, flag);
      for (const meter of tokenMeters) {
        const count = usage[meter];
        if (count) counts.tokens.add(count, provider, meter);
      }
    },
    callUnpriced: ({ provider }) => counts.unpriced.add(1, labels.of(provider)),
    callFailed: ({ provider, status }) => counts.failures.add(1, provider, String(status)),
    refused: ({ reason }) => counts.refusals.add(1, reason),
    // Callers choose the names, so they go only to the log.
    headerIgnored: () => undefined,
    thresholdCrossed: () => counts.thresholds.add(1),
    pricesChecked: ({ result }) => counts.priceUpdates.add(1, result),
    failed: () => counts.faults.add(1),
    answered: ({ provider, seconds }) => latency.add(provider, seconds),
    text: ({ ofAllCalls } = { ofAllCalls: true }) =>
      (ofAllCalls ? Registry.merge([registry, ofProcess]) : ofProcess).metrics(),
    close: () => void loop.disable(),
  };
}

/** Configured providers, and a bounded number of others, have labels of their own. */
class ProviderLabels {
  readonly #configured: ReadonlySet<string>;
  readonly #others = new Set<string>();

  constructor(configured: readonly string[]) {
    this.#configured = new Set(configured);
  }

  of(provider: string): string {
    if (this.#configured.has(provider) || this.#others.has(provider)) return provider;
    if (this.#others.size >= mostOtherProviders) return "other";
    this.#others.add(provider);
    return provider;
  }
}

function countersIn(registry: Registry) {
  return {
    calls: new Tally(registry, {
      name: "purser_calls_total",
      labelNames: ["provider", "status"],
      help: "Calls that were charged, by how they ended.",
    }),
    tokens: new Tally(registry, {
      name: "purser_tokens_total",
      labelNames: ["provider", "meter"],
      help: "Tokens charged, by meter.",
    }),
    flagged: new Tally(registry, {
      name: "purser_flagged_calls_total",
      labelNames: ["provider", "flag"],
      help: "Calls with an anomaly, by flag: cost_differs, usage_implausible, provider_error and others.",
    }),
    unpriced: new Tally(registry, {
      name: "purser_unpriced_calls_total",
      labelNames: ["provider"],
      help: "Calls without a known price, counted as zero cost. The log names their models.",
    }),
    failures: new Tally(registry, {
      name: "purser_upstream_failures_total",
      labelNames: ["provider", "status"],
      help: "Calls that the provider did not serve and that were not charged; status 502 if it was not reached.",
    }),
    refusals: new Tally(registry, {
      name: "purser_refusals_total",
      labelNames: ["reason"],
      help: "Calls refused by a budget.",
    }),
    thresholds: new Tally(registry, {
      name: "purser_thresholds_crossed_total",
      labelNames: [],
      help: "Budget thresholds crossed.",
    }),
    priceUpdates: new Tally(registry, {
      name: "purser_price_updates_total",
      labelNames: ["result"],
      help: "Scheduled updates of the price book: applied, unchanged, refused or failed.",
    }),
    faults: new Tally(registry, {
      name: "purser_faults_total",
      labelNames: [],
      help: "Internal errors of Purser that were contained.",
    }),
  };
}

/**
 * A counter with up to two labels, copied to the registry when the text is built: label look-ups
 * there cost more than counting.
 */
class Tally {
  readonly #counts = new Map<string, Map<string, { count: number }>>();

  constructor(
    registry: Registry,
    options: {
      readonly name: string;
      readonly labelNames: readonly string[];
      readonly help: string;
    },
  ) {
    const { name, help } = options;
    const labelNames = [...options.labelNames];
    const counts = this.#counts;
    const counter = new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        counter.reset();
        for (const [first, ofFirst] of counts) {
          for (const [second, { count }] of ofFirst)
            counter.labels(...[first, second].slice(0, labelNames.length)).inc(count);
        }
      },
    });
  }

  /**
   * @param first Value of the first label; `second` is that of the second. Empty if there is no
   *   such label.
   */
  add(by: number, first = "", second = ""): void {
    let ofFirst = this.#counts.get(first);
    if (!ofFirst) this.#counts.set(first, (ofFirst = new Map()));
    const known = ofFirst.get(second);
    if (known) known.count += by;
    else ofFirst.set(second, { count: by });
  }
}

/** Summed as exact integers; only the sum is converted to a float. */
function spendIn(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
): { add(provider: string, cost: PicoUsd): void } {
  const spent = new Map<string, PicoUsd>();
  const counter = new Counter({
    name,
    help,
    labelNames: ["provider"],
    registers: [registry],
    collect() {
      counter.reset();
      for (const [provider, cost] of spent) counter.labels(provider).inc(toNumber(cost));
    },
  });
  return {
    add: (provider, cost) => void spent.set(provider, add(spent.get(provider) ?? zero, cost)),
  };
}

function watchHolds(registry: Registry, ledger: Pick<Ledger, "openHolds">): void {
  gauge(registry, {
    name: "purser_open_holds",
    help: "Calls in flight.",
    read: async () => (await ledger.openHolds()).length,
  });
  gauge(registry, {
    name: "purser_held_usd",
    help: "Amount held for calls in flight.",
    read: async () => {
      const holds = await ledger.openHolds();
      return toNumber(holds.reduce((sum, hold) => add(sum, hold.amount.usd), zero));
    },
  });
}

/** A gauge that is read when the text is built. */
function gauge(
  registry: Registry,
  {
    name,
    help,
    read,
  }: {
    readonly name: string;
    readonly help: string;
    readonly read: () => number | Promise<number>;
  },
): void {
  const made = new Gauge({
    name,
    help,
    registers: [],
    async collect() {
      this.set(await read());
    },
  });
  registry.registerMetric(made);
}

/** Sampling interval in milliseconds. Each sample wakes the process, even an idle one. */
const lookMs = 100;

function watchEventLoop(registry: Registry): { disable(): boolean } {
  const delay = monitorEventLoopDelay({ resolution: lookMs });
  delay.enable();
  const lag = new Gauge({
    name: "purser_event_loop_lag_seconds",
    help: "Event-loop delay since the last scrape, in seconds.",
    labelNames: ["quantile"],
    registers: [registry],
    collect() {
      for (const percent of [50, 99])
        lag
          .labels(String(percent / 100))
          .set(delay.count === 0 ? 0 : lateness(delay.percentile(percent)));
      delay.reset();
    },
  });
  return delay;
}

/**
 * Event-loop delay in seconds.
 *
 * @param betweenNs The recorded nanoseconds between samples, which include the interval.
 */
function lateness(betweenNs: number): number {
  return Math.max(0, betweenNs / 1e6 - lookMs) / 1000;
}

function describeProcess(registry: Registry, version: string): void {
  new Gauge({
    name: "purser_info",
    help: "The running version.",
    labelNames: ["version"],
    registers: [registry],
  })
    .labels(version)
    .set(1);
  gauge(registry, {
    name: "process_resident_memory_bytes",
    help: "Memory of the process.",
    read: () => process.memoryUsage.rss(),
  });
  gauge(registry, {
    name: "process_cpu_seconds",
    help: "Processor time used so far.",
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
}
