/** Sums the calls and refusals of a memory ledger by group and time. */

import type {
  Buckets,
  CallRow,
  GroupKey,
  LatencyTotals,
  RefusalRow,
  Totals,
} from "../../app/port/reader.ts";
import {
  attributedTo,
  unattributed,
  type Attribution,
  type AttributionKey,
} from "../../domain/attribution/attribution.ts";
import type { CallRoute } from "../../domain/ledger/entry.ts";
import {
  isKnownLatency,
  latencyBucket,
  mergeLatencies,
} from "../../domain/latency/latency-bucket.ts";
import { pico, type PicoUsd } from "../../domain/money/money.ts";
import { chargeEndpoint } from "../../domain/price/text/item.ts";
import { sumUsage } from "../../domain/usage/usage.ts";

export interface Rows {
  readonly calls: readonly CallRow[];
  readonly refusals: readonly RefusalRow[];
}

/** Oldest bucket first, then the most expensive group. */
export function totalsOf(
  { calls, refusals }: Rows,
  by: readonly GroupKey[],
  buckets: Buckets,
): readonly Totals[] {
  const all = [
    ...calls.map((call) => ({ ...call, at: call.endedAt, call })),
    ...refusals.map((refusal) => ({
      ...refusal,
      model: refusal.route.model,
      status: "refused",
      call: null,
    })),
  ];
  const groups = Map.groupBy(all, (row) =>
    JSON.stringify([bucketOf(row.at, buckets), ...by.map((key) => valueOf(row, key))]),
  );
  const totals = [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    if (!first) return [];
    const group = Object.fromEntries(by.map((key) => [key, valueOf(first, key)]));
    const ended = rows.flatMap(({ call }) => call ?? []);
    const refused = rows.length - ended.length;
    return [{ group, bucket: bucketOf(first.at, buckets), ...sumsOf(ended), refusals: refused }];
  });
  return totals.sort(
    (left, right) =>
      (left.bucket ?? 0) - (right.bucket ?? 0) || Number(right.cost - left.cost > 0n) * 2 - 1,
  );
}

/** Groups with any calls whose latency is known. */
export function latenciesOf(
  calls: readonly CallRow[],
  by: readonly GroupKey[],
  buckets: Buckets,
): readonly LatencyTotals[] {
  const timed = calls.filter(isTimed);
  const groups = Map.groupBy(timed, (row) =>
    JSON.stringify([bucketOf(row.endedAt, buckets), ...by.map((key) => valueOf(row, key))]),
  );
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    if (!first) return [];
    return {
      group: Object.fromEntries(by.map((key) => [key, valueOf(first, key)])),
      bucket: bucketOf(first.endedAt, buckets),
      counts: mergeLatencies(rows.map((row) => new Map([[latencyBucket(row.latencyMs), 1]]))),
    };
  });
}

function sumsOf(calls: readonly CallRow[]): Omit<Totals, "group" | "bucket" | "refusals"> {
  const charged = calls.filter(({ status }) => status !== "released");
  const charges = charged.filter(({ route }) => route.endpoint === chargeEndpoint);
  const costOf = (rows: readonly CallRow[]): PicoUsd =>
    pico(rows.reduce((sum, { cost }) => sum + cost, 0n));
  const usages = charged.flatMap(({ usage, parts }) => [usage, ...parts.map((part) => part.usage)]);
  return {
    calls: charged.length - charges.length,
    charges: charges.length,
    released: calls.length - charged.length,
    cost: costOf(charged),
    chargeCost: costOf(charges),
    usage: sumUsage(usages),
    latencyMs: charged.reduce((sum, { latencyMs }) => sum + latencyMs, 0),
    timed: calls.filter(isTimed).length,
  };
}

function isTimed({ status, latencyMs }: CallRow): boolean {
  return status !== "released" && isKnownLatency(latencyMs);
}

function bucketOf(at: number, buckets: Buckets): number | null {
  if (buckets === null) return null;
  if (typeof buckets === "number") return Math.floor(at / buckets) * buckets;
  return buckets.findLast((start) => start <= at) ?? null;
}

interface Grouped {
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly model: string;
  readonly status: string;
}

function valueOf({ attribution, route, model, status }: Grouped, key: GroupKey): string {
  switch (key) {
    case "provider":
      return route.provider;
    case "model":
      return model;
    case "endpoint":
      return route.endpoint;
    case "key":
      return route.keyId ?? unattributed;
    case "status":
      return status;
    default:
      return attributedTo(attribution, key as AttributionKey);
  }
}
