/** Adds up the sums of calls by group and time bucket. */

import type { GroupKey, LatencyTotals, Totals } from "../../../app/port/reader.ts";
import { unattributed } from "../../../domain/attribution/attribution.ts";
import { countLatencies } from "../../../domain/latency/latency-bucket.ts";
import { pico } from "../../../domain/money/money.ts";
import type { Usage } from "../../../domain/usage/usage.ts";
import { statuses } from "../../journal/kind.ts";
import { usagePlaces } from "../../journal/meter-number.ts";
import type { NameReader } from "../journal/name-reader.ts";
import { emptySums, type RollupSums } from "../write/rollup.ts";
import type { Source } from "./calls.ts";

export interface GroupSums extends RollupSums {
  released: number;
}

/** The group and bucket of a sum. */
export interface Place {
  readonly attributionId: number;
  readonly routeId: number;
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The sums so far, by group and bucket. */
export class Groups {
  readonly #source: Source;
  readonly #by: readonly GroupKey[];
  readonly #bucketMs: number | null;
  readonly #sums = new Map<
    string,
    {
      readonly group: Readonly<Record<string, string>>;
      readonly bucket: number | null;
      readonly sums: GroupSums;
    }
  >();

  constructor(source: Source, by: readonly GroupKey[], bucketMs: number | null) {
    this.#source = source;
    this.#by = by;
    this.#bucketMs = bucketMs;
  }

  get bucketMs(): number | null {
    return this.#bucketMs;
  }

  /** Whether the group depends on this roll-up column. */
  needs(column: "attribution_id" | "route_id" | "status"): boolean {
    return this.#by.some((key) => columnOf(key) === column);
  }

  at(place: Place): GroupSums {
    const bucket =
      this.#bucketMs === null ? null : Math.floor(place.at / this.#bucketMs) * this.#bucketMs;
    const values = this.#by.map((key) => this.#value(key, place));
    const id = JSON.stringify([bucket, ...values]);
    const known = this.#sums.get(id);
    if (known) return known.sums;
    const sums = { ...emptySums(), released: 0 };
    const group = Object.fromEntries(
      this.#by.map((key, index) => [key, values[index] ?? unattributed]),
    );
    this.#sums.set(id, { group, bucket, sums });
    return sums;
  }

  /** Oldest bucket first, then the most expensive group. */
  totals(): readonly Totals[] {
    const totals = [...this.#sums.values()].map(({ group, bucket, sums }) => ({
      group,
      bucket,
      calls: sums.calls,
      released: sums.released,
      refusals: sums.refusals,
      cost: pico(sums.cost),
      usage: usageOf(sums, this.#source.file.names),
      latencyMs: sums.latencyMs,
    }));
    return totals
      .filter(
        ({ calls, released, refusals, cost }) =>
          calls !== 0 || released !== 0 || refusals !== 0 || cost !== 0n,
      )
      .sort(
        (left, right) =>
          (left.bucket ?? 0) - (right.bucket ?? 0) ||
          (left.cost < right.cost ? 1 : left.cost > right.cost ? -1 : 0),
      );
  }

  latencies(): readonly LatencyTotals[] {
    return [...this.#sums.values()]
      .map(({ group, bucket, sums: { latencies } }) => ({
        group,
        bucket,
        counts: new Map([...latencies].filter(([, count]) => count !== 0)),
      }))
      .filter(({ counts }) => countLatencies(counts) > 0);
  }

  #value(key: GroupKey, { attributionId, routeId, status }: Place): string {
    if (key === "status") return statusName(status);
    if (columnOf(key) === "attribution_id") return this.#source.names.value(attributionId, key);
    const { route, served } = this.#source.names.route(routeId);
    if (key === "model") return served ?? route.model;
    if (key === "key") return route.keyId ?? unattributed;
    return key === "provider" ? route.provider : route.endpoint;
  }
}

function columnOf(key: GroupKey): "attribution_id" | "route_id" | "status" {
  if (key === "status") return "status";
  return key === "provider" || key === "model" || key === "endpoint" || key === "key"
    ? "route_id"
    : "attribution_id";
}

const statusNames = new Map<number, string>(
  Object.entries(statuses).map(([name, code]) => [code, name]),
);

function statusName(code: number): string {
  return statusNames.get(code) ?? "settled";
}

function usageOf(sums: RollupSums, names: NameReader): Usage {
  const fixed = usagePlaces.map((meter, place) => [meter, sums.usage[place] ?? 0] as const);
  const open = [...sums.open].map(([nameId, count]) => [names.meter(nameId), count] as const);
  return Object.fromEntries([...fixed, ...open].filter(([, count]) => count !== 0));
}
