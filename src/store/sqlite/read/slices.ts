/**
 * Splits ranges of time into what can be read: whole units from a roll-up, and at each edge the time
 * between it and the nearest whole unit, which is added or taken back.
 */

import { dayHours, type Level } from "../schema.ts";
import { hourMs, quarterMs } from "../write/rollup.ts";

/** What sums are read from: a roll-up, or the calls one by one. */
export type Origin = Level | "calls";

/** A part of the time between an edge and the nearest whole unit. Times are in milliseconds. */
export interface Slice {
  readonly origin: Origin;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What adds its sums to those up to the nearest whole unit, to get those up to the edge. */
  readonly sign: 1 | -1;
}

export interface Edge {
  /** The nearest start of a whole unit. */
  readonly nearest: number;
  readonly slices: readonly Slice[];
}

const dayMs = dayHours * hourMs;

/** The roll-up whose whole units make up most of a range this long; some days have 23 hours. */
export function originFor(lengthMs: number): Origin {
  if (lengthMs >= 20 * hourMs) return "day";
  if (lengthMs >= hourMs) return "hour";
  return lengthMs >= quarterMs ? "quarter" : "calls";
}

/** From the shortest. */
const units: readonly { readonly origin: Level; readonly unitMs: number }[] = [
  { origin: "quarter", unitMs: quarterMs },
  { origin: "hour", unitMs: hourMs },
  { origin: "day", unitMs: dayMs },
];

export interface Units {
  /** The longest that is used. */
  readonly origin: Origin;
  /** From when on there are sums of quarters: the start of an hour. */
  readonly quartersFrom: number;
}

/** Goes from the edge to the nearest start of each longer unit: few calls, then few hours. */
export function edgeOf(at: number, { origin, quartersFrom }: Units): Edge {
  if (!Number.isFinite(at)) return { nearest: at, slices: [] };
  const slices: Slice[] = [];
  let nearest = at;
  let before: Origin = "calls";
  for (const unit of units.slice(0, units.findIndex((one) => one.origin === origin) + 1)) {
    if (unit.origin === "quarter" && at < quartersFrom) continue;
    const next = Math.round(nearest / unit.unitMs) * unit.unitMs;
    if (next < nearest) slices.push({ origin: before, from: next, to: nearest, sign: 1 });
    if (next > nearest) slices.push({ origin: before, from: nearest, to: next, sign: -1 });
    [nearest, before] = [next, unit.origin];
  }
  return { nearest, slices };
}
