/** Adds up figures in place: a report of many buckets has tens of thousands of them. */

import type { LatencyCounts } from "../../domain/latency/latency-bucket.ts";
import { add, zero } from "../../domain/money/money.ts";
import type { Usage, UsageSoFar } from "../../domain/usage/usage.ts";
import type { Figures } from "../port/reader.ts";
import type { Sums } from "./metric.ts";

const noLatencies: LatencyCounts = new Map();

/** Sums so far. What {@link sums} returned is not changed by later additions. */
export class Adding {
  #calls = 0;
  #charges = 0;
  #released = 0;
  #refusals = 0;
  #cost = zero;
  #chargeCost = zero;
  #latencyMs = 0;
  #timed = 0;
  #usage: Usage = {};
  #latencies: LatencyCounts = noLatencies;
  /** Copies that only this object has; the others may be those of a row, or returned. */
  #ownUsage: UsageSoFar | undefined;
  #ownLatencies: Map<number, number> | undefined;

  get calls(): number {
    return this.#calls;
  }

  addFigures(figures: Figures): void {
    this.#calls += figures.calls;
    this.#charges += figures.charges;
    this.#released += figures.released;
    this.#refusals += figures.refusals;
    this.#cost = add(this.#cost, figures.cost);
    this.#chargeCost = add(this.#chargeCost, figures.chargeCost);
    this.#latencyMs += figures.latencyMs;
    this.#timed += figures.timed;
    this.#addUsage(figures.usage);
  }

  addLatencies(counts: LatencyCounts): void {
    if (counts.size === 0) return;
    if (this.#latencies.size === 0) {
      this.#latencies = counts;
      return;
    }
    const own = (this.#ownLatencies ??= new Map(this.#latencies));
    this.#latencies = own;
    for (const [bucket, count] of counts) own.set(bucket, (own.get(bucket) ?? 0) + count);
  }

  addSums(sums: Sums): void {
    this.addFigures(sums);
    this.addLatencies(sums.latencies);
  }

  figures(): Figures {
    this.#ownUsage = undefined;
    return {
      calls: this.#calls,
      charges: this.#charges,
      released: this.#released,
      refusals: this.#refusals,
      cost: this.#cost,
      chargeCost: this.#chargeCost,
      usage: this.#usage,
      latencyMs: this.#latencyMs,
      timed: this.#timed,
    };
  }

  /** @param distinct Is not added up here. */
  sums(distinct: Sums["distinct"] = {}): Sums {
    this.#ownLatencies = undefined;
    return { ...this.figures(), latencies: this.#latencies, distinct };
  }

  #addUsage(usage: Usage): void {
    const names = Object.keys(usage) as (keyof Usage)[];
    if (names.length === 0) return;
    if (Object.keys(this.#usage).length === 0) {
      this.#usage = usage;
      return;
    }
    const own = (this.#ownUsage ??= { ...this.#usage });
    this.#usage = own;
    for (const name of names) own[name] = (own[name] ?? 0) + (usage[name] ?? 0);
  }
}

/** The exact sums of figures. */
export function sumFigures(rows: readonly Figures[]): Figures {
  const sum = new Adding();
  for (const row of rows) sum.addFigures(row);
  return sum.figures();
}
