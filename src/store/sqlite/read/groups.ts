/** Adds up the sums of calls by group and time bucket. */

import type { GroupKey, LatencyTotals, Totals } from "../../../app/port/reader.ts";
import { unattributed } from "../../../domain/attribution/attribution.ts";
import { countLatencies } from "../../../domain/latency/latency-bucket.ts";
import { pico } from "../../../domain/money/money.ts";
import type { Usage } from "../../../domain/usage/usage.ts";
import { statuses } from "../../journal/kind.ts";
import { usagePlaces } from "../../journal/meter-number.ts";
import type { NameReader } from "../journal/name-reader.ts";
import type { RollupSums } from "../write/rollup.ts";
import type { Source } from "./calls.ts";

export interface GroupSums extends RollupSums {
  /** Of `calls` that are charges, and no calls of models. */
  charges: number;
  /** The part of `cost`. */
  chargeCost: bigint;
  released: number;
}

/** What the group of a sum depends on. */
export interface Place {
  readonly attributionId: number;
  readonly routeId: number;
  readonly status: number;
}

interface GroupSoFar {
  readonly group: Readonly<Record<string, string>>;
  readonly buckets: Map<number | null, GroupSums>;
}

/** The sums so far, by group and bucket. */
export class Groups {
  readonly #source: Source;
  readonly #by: readonly GroupKey[];
  readonly #groups = new Map<string, GroupSoFar>();
  /** The same groups by their place: finding their values takes longer. */
  readonly #places = new Map<string, GroupSoFar>();

  constructor(source: Source, by: readonly GroupKey[]) {
    this.#source = source;
    this.#by = by;
  }

  /** Whether the group depends on this roll-up column. */
  needs(column: "attribution_id" | "route_id" | "status"): boolean {
    return this.#by.some((key) => columnOf(key) === column);
  }

  /** @param bucket Its start. */
  at(place: Place, bucket: number | null): GroupSums {
    const { buckets } = this.#groupAt(place);
    const known = buckets.get(bucket);
    if (known) return known;
    const sums = emptyGroup();
    buckets.set(bucket, sums);
    return sums;
  }

  /** Oldest bucket first, then the most expensive group. */
  totals(): readonly Totals[] {
    const totals = this.#all().map(({ group, bucket, sums }) => ({
      group,
      bucket,
      calls: sums.calls - sums.charges,
      charges: sums.charges,
      released: sums.released,
      refusals: sums.refusals,
      cost: pico(sums.cost),
      chargeCost: pico(sums.chargeCost),
      usage: usageOf(sums, this.#source.file.names),
      latencyMs: sums.latencyMs,
      timed: sums.timed,
    }));
    return totals
      .filter(
        ({ calls, charges, released, refusals, cost }) =>
          calls !== 0 || charges !== 0 || released !== 0 || refusals !== 0 || cost !== 0n,
      )
      .sort(
        (left, right) =>
          (left.bucket ?? 0) - (right.bucket ?? 0) ||
          (left.cost < right.cost ? 1 : left.cost > right.cost ? -1 : 0),
      );
  }

  latencies(): readonly LatencyTotals[] {
    return this.#all()
      .map(({ group, bucket, sums: { latencies } }) => ({
        group,
        bucket,
        counts: new Map([...latencies].filter(([, count]) => count !== 0)),
      }))
      .filter(({ counts }) => countLatencies(counts) > 0);
  }

  #all(): readonly (Pick<Totals, "group" | "bucket"> & { readonly sums: GroupSums })[] {
    return [...this.#groups.values()].flatMap(({ group, buckets }) =>
      [...buckets].map(([bucket, sums]) => ({ group, bucket, sums })),
    );
  }

  #groupAt(place: Place): GroupSoFar {
    const key = `${place.attributionId} ${place.routeId} ${place.status}`;
    const known = this.#places.get(key);
    if (known) return known;
    const values = this.#by.map((name) => this.#value(name, place));
    const id = JSON.stringify(values);
    const group = Object.fromEntries(
      this.#by.map((name, index) => [name, values[index] ?? unattributed]),
    );
    const found = this.#groups.get(id) ?? { group, buckets: new Map() };
    this.#groups.set(id, found);
    this.#places.set(key, found);
    return found;
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

/** Without a place for each meter: a long series has many groups, each with few meters. */
function emptyGroup(): GroupSums {
  return {
    calls: 0,
    charges: 0,
    released: 0,
    refusals: 0,
    cost: 0n,
    chargeCost: 0n,
    latencyMs: 0,
    timed: 0,
    latencies: new Map(),
    usage: [],
    open: new Map(),
  };
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
  const usage: Record<string, number> = {};
  for (const [place, meter] of usagePlaces.entries()) {
    const count = sums.usage[place] ?? 0;
    if (count !== 0) usage[meter] = count;
  }
  for (const [nameId, count] of sums.open) if (count !== 0) usage[names.meter(nameId)] = count;
  return usage;
}
