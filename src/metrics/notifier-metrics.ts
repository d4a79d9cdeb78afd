/** Prometheus metrics of notifiers: what they delivered, what failed, and how far they are behind. */

import { Counter, Gauge, Registry } from "prom-client";

export interface NotifierMetrics {
  delivered(notifier: string): void;
  failed(notifier: string): void;
  text(): Promise<string>;
}

interface NotifierState {
  readonly name: string;
  readonly behind: number;
  readonly deadLetters: number;
  readonly droppedLetters: number;
}

/** @param states Read when the text is built. */
export function makeNotifierMetrics(
  states: () => Promise<readonly NotifierState[]>,
): NotifierMetrics {
  const registry = new Registry();
  const common = { labelNames: ["notifier"], registers: [registry] };
  const deliveries = new Counter({
    ...common,
    name: "purser_notifier_deliveries_total",
    help: "Events delivered.",
  });
  const failures = new Counter({
    ...common,
    name: "purser_notifier_failures_total",
    help: "Attempts to deliver an event that failed.",
  });
  const behind = new Gauge({
    ...common,
    name: "purser_notifier_lag_entries",
    help: "Journal entries that the notifier has not looked at yet.",
  });
  const deadLetters = new Gauge({
    ...common,
    name: "purser_notifier_dead_letters",
    help: "Events that were given up.",
  });
  const dropped = new Gauge({
    ...common,
    name: "purser_notifier_dropped_letters",
    help: "Dead letters that were dropped, as there were too many or they were too old.",
  });
  return {
    delivered: (notifier) => deliveries.labels(notifier).inc(),
    failed: (notifier) => failures.labels(notifier).inc(),
    text: async () => {
      for (const state of await states()) {
        behind.labels(state.name).set(state.behind);
        deadLetters.labels(state.name).set(state.deadLetters);
        dropped.labels(state.name).set(state.droppedLetters);
      }
      return registry.metrics();
    },
  };
}
