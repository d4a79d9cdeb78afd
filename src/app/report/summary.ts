/** Builds the cost summary: spend by provider and operation, and the average cost of a call. */

import { unattributed } from "../../domain/attribution/attribution.ts";
import { divide, pico, zero, type PicoUsd } from "../../domain/money/money.ts";
import { costBySide } from "../../domain/price/cost-by-side.ts";
import {
  countContext,
  countOutput,
  countUnits,
  sumUsage,
  totalUsage,
} from "../../domain/usage/usage.ts";
import { callCost, ratio } from "./metric.ts";
import { sumFigures } from "./series.ts";
import type { CallFilter, CallRow, LedgerReader, Totals } from "../port/reader.ts";

/**
 * Sums of charged calls and charges, and averages of calls alone. Averages of amounts are to the
 * nearest pico-USD.
 */
export interface CallSums {
  /** Of models. */
  readonly calls: number;
  readonly charges: number;
  /** Of calls and charges. */
  readonly cost: PicoUsd;
  readonly chargeCost: PicoUsd;
  /** Per call; 0 if there are none. */
  readonly averageCost: PicoUsd;
  /** Including cached tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Per call whose latency is known; 0 if there are none. */
  readonly averageLatencyMs: number;
}

export interface ProviderSums extends CallSums {
  readonly byOperation: ReadonlyMap<string, CallSums>;
}

export interface Summary {
  readonly total: CallSums;
  /** Of the cost of calls; 0 if there are no tokens. */
  readonly costPer1000Tokens: PicoUsd;
  readonly byProvider: ReadonlyMap<string, ProviderSums>;
  /** By the operation that the caller named, or else by endpoint. */
  readonly byOperation: ReadonlyMap<string, CallSums>;
  /** Counts that are not tokens, by meter: calls of tools, and other units. */
  readonly units: Readonly<Record<string, number>>;
  /** The newest calls. */
  readonly calls: readonly CallSummary[];
}

export interface CallSummary {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly provider: string;
  readonly model: string;
  readonly operation: string;
  /** Including cached tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Tool fees and a provider's lump sum are in neither this nor `outputCost`, only in the cost. */
  readonly inputCost: PicoUsd;
  readonly outputCost: PicoUsd;
  readonly cost: PicoUsd;
  readonly latencyMs: number;
}

/** @param calls How many of the newest calls to list. */
export async function summarise(
  reader: Pick<LedgerReader, "totals" | "calls">,
  filter: CallFilter,
  calls: number,
): Promise<Summary> {
  const totals = await reader.totals(filter, ["provider", "operation", "endpoint"], null);
  const newest =
    calls === 0
      ? []
      : await reader.calls({ ...filter, charged: true }, { limit: calls, before: null });
  return summaryOf(totals, newest);
}

/** @param totals Grouped by `provider`, `operation` and `endpoint`. */
export function summaryOf(totals: readonly Totals[], newest: readonly CallRow[]): Summary {
  const rows = totals.filter(({ calls, charges }) => calls + charges > 0);
  const total = sum(rows);
  return {
    total,
    costPer1000Tokens: share(pico(callCost(total) * 1000n), total.inputTokens + total.outputTokens),
    byProvider: mapGroups(
      rows,
      ({ group }) => group["provider"] ?? unattributed,
      summariseProvider,
    ),
    byOperation: mapGroups(rows, operationOf, sum),
    units: countUnits(sumUsage(rows.map(({ usage }) => usage))),
    calls: newest.map(summariseCall),
  };
}

function summariseProvider(rows: readonly Totals[]): ProviderSums {
  return { ...sum(rows), byOperation: mapGroups(rows, operationOf, sum) };
}

function sum(rows: readonly Totals[]): CallSums {
  const figures = sumFigures(rows);
  const { calls, charges, cost, chargeCost, usage, latencyMs, timed } = figures;
  return {
    calls,
    charges,
    cost,
    chargeCost,
    averageCost: share(callCost(figures), calls),
    inputTokens: countContext(usage),
    outputTokens: countOutput(usage),
    averageLatencyMs: ratio(latencyMs, timed) ?? 0,
  };
}

export function summariseCall(call: CallRow): CallSummary {
  const { provider, endpoint } = call.route;
  const usage = totalUsage(call);
  const { input, output } = costBySide(call);
  return {
    startedAt: call.startedAt,
    provider,
    model: call.model,
    operation: call.attribution.operation ?? endpoint,
    inputTokens: countContext(usage),
    outputTokens: countOutput(usage),
    inputCost: input,
    outputCost: output,
    cost: call.cost,
    latencyMs: call.latencyMs,
  };
}

/** The operation in the caller's headers, or else the endpoint. */
function operationOf({ group }: Totals): string {
  const operation = group["operation"] ?? unattributed;
  return operation === unattributed ? (group["endpoint"] ?? unattributed) : operation;
}

/** `amount ÷ parts`, to the nearest pico-USD; 0 if there are no parts. */
export function share(amount: PicoUsd, parts: number): PicoUsd {
  return parts === 0 ? zero : pico(divide(amount, BigInt(parts)));
}

function mapGroups<Value>(
  rows: readonly Totals[],
  nameOf: (row: Totals) => string,
  valueOf: (rows: readonly Totals[]) => Value,
): ReadonlyMap<string, Value> {
  const groups = Map.groupBy(rows, nameOf);
  return new Map([...groups].map(([name, group]) => [name, valueOf(group)]));
}
