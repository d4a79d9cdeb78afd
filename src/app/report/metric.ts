/** The figures that a report can have, each computed from the sums of a group of calls. */

import { dimensions, type Dimension } from "../../domain/attribution/attribution.ts";
import {
  countLatencies,
  latencyAt,
  type LatencyCounts,
} from "../../domain/latency/latency-bucket.ts";
import { divide, pico, ratioOf, subtract, zero, type PicoUsd } from "../../domain/money/money.ts";
import { countContext, countOutput, countTokens } from "../../domain/usage/usage.ts";
import type { DistinctTotals, Figures } from "../port/reader.ts";

/** What a metric is computed from. */
export interface Sums extends Figures {
  readonly latencies: LatencyCounts;
  /** Of calls with a value of the dimension, for the dimensions that the metrics divide by. */
  readonly distinct: Readonly<Partial<Record<Dimension, Omit<DistinctTotals, "group">>>>;
}

/** Exact money, or a number; null if there is nothing to divide by. */
export type Figure = PicoUsd | number | null;

interface Metric {
  readonly isMoney?: true;
  /** Whether the figures of groups add up to that of the total. */
  readonly isSum?: true;
  readonly needsLatencies?: true;
  readonly dividesBy?: Dimension;
  readonly of: (sums: Sums) => Figure;
  /** Of an average of money: what is divided, and by what. */
  readonly share?: (sums: Sums) => Share;
}

export interface Share {
  readonly amount: PicoUsd;
  readonly parts: number;
}

export type CostPerDimension = `cost_per_${Dimension}`;

const plain = {
  cost: { isMoney: true, isSum: true, of: ({ cost }) => cost },
  calls: { isSum: true, of: ({ calls }) => calls },
  charges: { isSum: true, of: ({ charges }) => charges },
  charge_cost: { isMoney: true, isSum: true, of: ({ chargeCost }) => chargeCost },
  released: { isSum: true, of: ({ released }) => released },
  refusals: { isSum: true, of: ({ refusals }) => refusals },
  tokens: { isSum: true, of: ({ usage }) => countTokens(usage) },
  input: { isSum: true, of: ({ usage }) => countContext(usage) },
  uncached_input: {
    isSum: true,
    of: ({ usage }) => countContext(usage) - cachedOf(usage) - writtenOf(usage),
  },
  cache_read: { isSum: true, of: ({ usage }) => cachedOf(usage) },
  cache_write: { isSum: true, of: ({ usage }) => writtenOf(usage) },
  output: { isSum: true, of: ({ usage }) => countOutput(usage) },
  reasoning: { isSum: true, of: ({ usage }) => usage.reasoning ?? 0 },
  cache_hit_share: { of: ({ usage }) => ratio(cachedOf(usage), countContext(usage)) },
  latency_avg: { of: ({ latencyMs, timed }) => ratio(latencyMs, timed) },
  latency_p50: { needsLatencies: true, of: ({ latencies }) => latencyAt(latencies, 0.5) },
  latency_p95: { needsLatencies: true, of: ({ latencies }) => latencyAt(latencies, 0.95) },
  cost_per_call: averageOf((sums) => ({ amount: callCost(sums), parts: sums.calls })),
} as const satisfies Readonly<Record<string, Metric>>;

/** What the calls of models cost: without charges. */
export function callCost({ cost, chargeCost }: Pick<Figures, "cost" | "chargeCost">): PicoUsd {
  return subtract(cost, chargeCost);
}

export type MetricName = keyof typeof plain | CostPerDimension;

const perDimension = Object.fromEntries(
  dimensions.map((dimension): [string, Metric] => [
    `cost_per_${dimension}`,
    {
      ...averageOf(({ distinct }) => {
        const known = distinct[dimension];
        return { amount: known?.cost ?? zero, parts: known?.distinct ?? 0 };
      }),
      dividesBy: dimension,
    },
  ]),
) as Readonly<Record<CostPerDimension, Metric>>;

export const metrics: Readonly<Record<MetricName, Metric>> = { ...plain, ...perDimension };

export const metricNames = Object.keys(metrics) as readonly MetricName[];

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}

/** For which share of the charged calls the latency is known. */
export function latencyCoverage({ latencies, calls }: Sums): {
  readonly calls: number;
  readonly share: number | null;
} {
  const known = countLatencies(latencies);
  return { calls: known, share: ratio(known, calls) };
}

/** A figure as a share of another of the same metric, whatever their size. */
export function shareOfFigure(part: Figure, whole: Figure): number | null {
  if (typeof part === "bigint" && typeof whole === "bigint") return ratioOf(part, whole);
  return ratio(Number(part ?? 0), Number(whole ?? 0));
}

/** Of one figure from an earlier one, as a share of that; null if that is 0, or one is unknown. */
export function changeOf(now: Figure, before: Figure): number | null {
  if (now === null || before === null) return null;
  if (typeof now === "bigint" && typeof before === "bigint") return ratioOf(now - before, before);
  return ratio(Number(now) - Number(before), Number(before));
}

/** null if the divisor is 0. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function averageOf(share: (sums: Sums) => Share) {
  const of = (sums: Sums): PicoUsd | null => {
    const { amount, parts } = share(sums);
    return parts === 0 ? null : pico(divide(amount, BigInt(parts)));
  };
  return { isMoney: true, of, share } as const;
}

function cachedOf(usage: Figures["usage"]): number {
  return (usage.cache_read ?? 0) + (usage.cache_read_audio ?? 0);
}

function writtenOf(usage: Figures["usage"]): number {
  return (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0);
}
