/** Builds the cost summary: spend by provider and operation, and the average cost of a call. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { add, pico, toNumber, zero, type PicoUsd } from "../../domain/money/money.ts";
import {
  countContext,
  countUnits,
  sumUsage,
  totalUsage,
  type FixedMeter,
  type Usage,
} from "../../domain/usage/usage.ts";
import type { CallFilter, CallRow, LedgerReader, Totals } from "../port/reader.ts";

/**
 * The established shape for reports and dashboards: JSON numbers, converted from exact sums at the
 * very end.
 */
export interface Summary {
  readonly total_cost: number;
  readonly task_count: number;
  readonly average_cost: number;
  readonly by_provider: Readonly<Record<string, ProviderSummary>>;
  readonly by_operation: Readonly<Record<string, OperationSummary>>;
  readonly efficiency_metrics: EfficiencyMetrics;
  /** What was counted besides tokens: calls of tools and other units, by meter. */
  readonly meters: Readonly<Record<string, number>>;
  readonly tasks: readonly TaskSummary[];
}

export interface ProviderSummary {
  readonly total_cost: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly task_count: number;
  readonly operations: Readonly<
    Record<
      string,
      { readonly count: number; readonly total_cost: number; readonly avg_latency_ms: number }
    >
  >;
}

export interface OperationSummary {
  readonly count: number;
  readonly total_cost: number;
  readonly avg_cost: number;
  readonly total_tokens: number;
  readonly avg_latency_ms: number;
}

export interface EfficiencyMetrics {
  readonly cost_per_1k_tokens: number;
  readonly avg_tokens_per_task: number;
  /** 0 when nothing was generated. */
  readonly input_output_ratio: number;
  readonly total_input_tokens: number;
  readonly total_output_tokens: number;
  readonly total_tokens: number;
}

export interface TaskSummary {
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly provider: string;
  readonly model: string;
  readonly operation: string;
  /** Including cached tokens. */
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Tool fees and a provider's lump sum are in neither this nor `output_cost`, only in the total. */
  readonly input_cost: number;
  readonly output_cost: number;
  readonly total_cost: number;
  readonly latency_ms: number;
}

/** @param tasks How many of the newest calls to list. */
export async function summarise(
  reader: LedgerReader,
  filter: CallFilter,
  tasks: number,
): Promise<Summary> {
  const totals = await reader.totals(filter, ["provider", "operation", "endpoint"], null);
  const newest =
    tasks === 0
      ? []
      : await reader.calls({ ...filter, charged: true }, { limit: tasks, before: null });
  return summaryOf(totals, newest);
}

/** @param totals Grouped by `provider`, `operation` and `endpoint`. */
export function summaryOf(totals: readonly Totals[], newest: readonly CallRow[]): Summary {
  const rows = totals.filter(({ calls }) => calls > 0);
  const all = sum(rows);
  return {
    total_cost: toNumber(all.cost),
    task_count: all.calls,
    average_cost: toNumber(share(all.cost, all.calls)),
    by_provider: mapValues(
      groupBy(rows, ({ group }) => group["provider"] ?? unattributed),
      summariseProvider,
    ),
    by_operation: mapValues(groupBy(rows, operationOf), summariseOperation),
    efficiency_metrics: measureEfficiency(all),
    meters: countUnits(all.usage),
    tasks: newest.map(describeTask),
  };
}

interface Sum {
  readonly calls: number;
  readonly cost: PicoUsd;
  readonly usage: Usage;
  readonly latencyMs: number;
}

function sum(rows: readonly Totals[]): Sum {
  return {
    calls: rows.reduce((calls, row) => calls + row.calls, 0),
    cost: rows.reduce((cost, row) => add(cost, row.cost), zero),
    usage: sumUsage(rows.map(({ usage }) => usage)),
    latencyMs: rows.reduce((latencyMs, row) => latencyMs + row.latencyMs, 0),
  };
}

function summariseProvider(rows: readonly Totals[]): ProviderSummary {
  const { cost, usage, calls } = sum(rows);
  return {
    total_cost: toNumber(cost),
    input_tokens: countContext(usage),
    output_tokens: countOutput(usage),
    task_count: calls,
    operations: mapValues(groupBy(rows, operationOf), (group) => {
      const total = sum(group);
      return {
        count: total.calls,
        total_cost: toNumber(total.cost),
        avg_latency_ms: average(total.latencyMs, total.calls),
      };
    }),
  };
}

function summariseOperation(rows: readonly Totals[]): OperationSummary {
  const { cost, usage, calls, latencyMs } = sum(rows);
  return {
    count: calls,
    total_cost: toNumber(cost),
    avg_cost: toNumber(share(cost, calls)),
    total_tokens: countContext(usage) + countOutput(usage),
    avg_latency_ms: average(latencyMs, calls),
  };
}

function measureEfficiency({ cost, usage, calls }: Sum): EfficiencyMetrics {
  const input = countContext(usage);
  const output = countOutput(usage);
  return {
    cost_per_1k_tokens: toNumber(share(pico(cost * 1000n), input + output)),
    avg_tokens_per_task: average(input + output, calls),
    input_output_ratio: average(input, output),
    total_input_tokens: input,
    total_output_tokens: output,
    total_tokens: input + output,
  };
}

function describeTask(call: CallRow): TaskSummary {
  const { provider, endpoint } = call.route;
  const usage = totalUsage(call);
  return {
    timestamp: call.startedAt / 1000,
    provider,
    model: call.model,
    operation: call.attribution.operation ?? endpoint,
    input_tokens: countContext(usage),
    output_tokens: countOutput(usage),
    input_cost: toNumber(costOf(call, inputMeters)),
    output_cost: toNumber(costOf(call, outputMeters)),
    total_cost: toNumber(call.cost),
    latency_ms: call.latencyMs,
  };
}

const outputMeters: ReadonlySet<string> = new Set<FixedMeter>([
  "output",
  "output_audio",
  "output_image",
]);
const inputMeters: ReadonlySet<string> = new Set<FixedMeter>([
  "input",
  "cache_read",
  "cache_write_5m",
  "cache_write_1h",
  "input_audio",
  "cache_read_audio",
  "input_image",
]);

function costOf(call: CallRow, meters: ReadonlySet<string>): PicoUsd {
  return call.charges
    .filter(({ meter }) => meters.has(meter))
    .reduce((cost, charge) => add(cost, charge.cost), zero);
}

function countOutput(usage: Usage): number {
  return (usage.output ?? 0) + (usage.output_audio ?? 0) + (usage.output_image ?? 0);
}

/** The operation in the caller's headers, or else the endpoint. */
function operationOf({ group }: Totals): string {
  const operation = group["operation"] ?? unattributed;
  return operation === unattributed ? (group["endpoint"] ?? unattributed) : operation;
}

/** `amount ÷ parts`, to the nearest pico-USD; 0 if there are no parts. */
function share(amount: PicoUsd, parts: number): PicoUsd {
  if (parts === 0) return zero;
  const divisor = BigInt(parts);
  return pico((amount * 2n + divisor) / (divisor * 2n));
}

function average(total: number, count: number): number {
  return count === 0 ? 0 : total / count;
}

function groupBy<Row>(
  rows: readonly Row[],
  name: (row: Row) => string,
): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, name);
}

/** Creates the keys as own properties, so an operation may be named `constructor`. */
function mapValues<In, Out>(
  groups: ReadonlyMap<string, In>,
  map: (value: In) => Out,
): Readonly<Record<string, Out>> {
  return Object.fromEntries([...groups].map(([name, value]) => [name, map(value)]));
}
