/** Compares what two price rows charge, under every tier, region, hour and size of context. */

import type { PicoUsd } from "../../money/money.ts";
import { isOpenMeter } from "../../usage/open-meter.ts";
import { fixedMeters, type Meter } from "../../usage/usage.ts";
import { unpricedSource, type PricedMeter, type Rate, type ServiceTier } from "../row/rate.ts";
import { makeRateTable, openRate } from "../row/rate-table.ts";
import type { CatalogueRow, Rates, Schedule } from "../row/row.ts";
import { levelOf } from "../row-sheet.ts";
import { scheduledRates } from "../row/schedule.ts";
import { withUsualHours } from "./usual-hours.ts";
import { anywhere, applyTerms, statedRates, type Terms } from "../row/terms.ts";

/** A meter that is charged differently, and where. */
export interface RateChange {
  readonly meter: PricedMeter;
  readonly serviceTier: ServiceTier;
  /** Null for calls that may be served anywhere. */
  readonly region: string | null;
  /** The context size from which both rates apply; null for any. */
  readonly contextTokens: number | null;
  /** Per unit; null if there is no price. */
  readonly before: PicoUsd | null;
  readonly after: PicoUsd | null;
  /** Whether both rows price this meter itself, rather than by a substitute. */
  readonly isOwn: boolean;
}

/** @returns Nothing if every call costs the same by both rows. */
export function compareRows(before: CatalogueRow, after: CatalogueRow): readonly RateChange[] {
  // Most models of a list are unchanged: their tables need not be made.
  if (stating.every((name) => isSame(before[name], after[name]))) return [];
  const changes = placesOf(before, after).flatMap((place) => {
    const [left, right] = [ratesAt(before, place), ratesAt(after, place)];
    return metersOf(before, after).flatMap((meter) => {
      const [old, now] = [priced(left(meter)), priced(right(meter))];
      if (old?.perUnit === now?.perUnit) return [];
      // Reasoning without a price is output, whose change is listed.
      if (meter === "reasoning" && old?.meter !== meter && now?.meter !== meter) return [];
      return [describe(meter, place, { old, now })];
    });
  });
  return [...new Map(changes.map((change) => [keyOf(change), change])).values()];
}

/** What a row states about its prices. */
const stating = [
  "rates",
  "contextTiers",
  "schedules",
  "serviceTiers",
  "regions",
  "supplements",
] as const;

function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || !left || !right) return false;
  const [one, other] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
  return (
    one.size === other.size &&
    [...one].every(([name, value]) => other.has(name) && isSame(value, other.get(name)))
  );
}

/**
 * The standard rates that a new row states, as changes from no price. A price by a unit states its
 * tokens as zero, which says nothing.
 */
export function statedBy({ rates }: CatalogueRow): readonly RateChange[] {
  const stated = Object.entries(rates) as readonly (readonly [PricedMeter, PicoUsd | undefined])[];
  const isFree = stated.every(([, rate]) => !rate);
  return stated.flatMap(([meter, after]): readonly RateChange[] => {
    if (after === undefined || (after === 0n && !isFree)) return [];
    const everywhere = { serviceTier: "standard", region: null, contextTokens: null } as const;
    return [{ meter, ...everywhere, before: null, after, isOwn: true }];
  });
}

/** The change of each meter that is the largest in proportion. */
export function largestByMeter(changes: readonly RateChange[]): readonly RateChange[] {
  const largest = new Map<PricedMeter, RateChange>();
  for (const change of changes) {
    const known = largest.get(change.meter);
    if (!known || growth(change) > growth(known)) largest.set(change.meter, change);
  }
  return [...largest.values()];
}

/** By how many times the larger price is larger: at least 1, infinite from or to nothing. */
function growth({ before, after }: RateChange): number {
  const [left, right] = [Number(before ?? 0n), Number(after ?? 0n)];
  return Math.max(left, right) / Math.min(left, right);
}

/** The standard rate of a meter for a small context, at most hours; undefined without a price. */
export function standardPerUnit(row: CatalogueRow, meter: Meter): PicoUsd | undefined {
  return priced(ratesAt(withUsualHours(row), standard)(meter))?.perUnit;
}

interface Place {
  readonly terms: Terms;
  readonly context: number;
  /** A time; null if neither row has hours. */
  readonly at: number | null;
}

const standard: Place = {
  terms: { serviceTier: "standard", region: anywhere },
  context: 0,
  at: null,
};

function placesOf(...rows: readonly CatalogueRow[]): readonly Place[] {
  const tiers = rows.flatMap(({ serviceTiers = {} }) => Object.keys(serviceTiers) as ServiceTier[]);
  const regions = rows.flatMap(({ regions = {} }) =>
    regions === "included" ? [] : Object.keys(regions),
  );
  const edges = rows.flatMap(({ contextTiers = [] }) =>
    contextTiers.map(({ tokens, inclusive }) => (inclusive ? tokens : tokens + 1)),
  );
  const contexts = [0, ...new Set(edges)];
  const terms = [
    standard.terms,
    ...[...new Set(tiers)].map((serviceTier) => ({ serviceTier, region: anywhere })),
    ...[...new Set(regions)].map((region) => ({ serviceTier: "standard" as const, region })),
  ];
  const times = timesOf(rows);
  return terms.flatMap((under) =>
    times.flatMap((at) => contexts.map((context) => ({ terms: under, context, at }))),
  );
}

/**
 * A time for each combination of hours: those of one row may lie outside those of another, or be the
 * rest of the week.
 */
function timesOf(rows: readonly CatalogueRow[]): readonly (number | null)[] {
  const edges = rows.flatMap(({ schedules = [] }) =>
    schedules.flatMap(({ weekdays, fromMinute, toMinute }) =>
      weekdays.flatMap((weekday) =>
        [fromMinute, toMinute].map(
          (minute) => mondayMs + (weekday - 1) * dayMs + minute * minuteMs,
        ),
      ),
    ),
  );
  if (edges.length === 0) return [null];
  const byHours = new Map<string, number>();
  for (const at of [mondayMs, ...edges]) {
    const open = rows.map(({ schedules = [] }) => openSchedule(schedules, at));
    if (!byHours.has(open.join())) byHours.set(open.join(), at);
  }
  return [...byHours.values()];
}

/** The place of the schedule that applies at a time; -1 outside of all. */
function openSchedule(schedules: readonly Schedule[], at: number): number {
  const rates = scheduledRates(schedules, at);
  return schedules.findIndex((one) => one.rates === rates);
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** 5 January 1970. */
const mondayMs = 4 * dayMs;

function metersOf(...rows: readonly CatalogueRow[]): readonly PricedMeter[] {
  const open = rows.flatMap(statedRates).flatMap((rates) => Object.keys(rates).filter(isOpenMeter));
  return [...fixedMeters, "reasoning", ...new Set(open)];
}

function ratesAt(row: CatalogueRow, place: Place): (meter: PricedMeter) => Rate | undefined {
  const scheduled: Rates | undefined =
    place.at === null ? undefined : scheduledRates(row.schedules ?? [], place.at);
  const query = { row, match: "exact" as const, scheduled };
  const applied = applyTerms(row, place.terms);
  const table = makeRateTable({ ...query, level: levelOf(row, place.context), applied });
  return (meter) => {
    if (meter === "reasoning") return table.reasoning ?? table.output;
    return isOpenMeter(meter) ? openRate(meter, { ...query, applied }) : table[meter];
  };
}

function priced(rate: Rate | undefined): Rate | undefined {
  return rate?.source === unpricedSource ? undefined : rate;
}

interface RatePair {
  readonly old: Rate | undefined;
  readonly now: Rate | undefined;
}

function describe(
  meter: PricedMeter,
  { terms, context }: Place,
  { old, now }: RatePair,
): RateChange {
  return {
    meter,
    serviceTier: terms.serviceTier,
    region: terms.region === anywhere ? null : terms.region,
    contextTokens: context === 0 ? null : context,
    before: old?.perUnit ?? null,
    after: now?.perUnit ?? null,
    isOwn: old?.meter === meter && now?.meter === meter,
  };
}

function keyOf({ before, after, isOwn, ...place }: RateChange): string {
  return JSON.stringify([place, String(before), String(after), isOwn]);
}
