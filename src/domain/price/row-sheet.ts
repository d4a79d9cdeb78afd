/** The price sheet of one row at one moment: charges what was used, and bounds what may be used. */

import { assert } from "../assert.ts";
import { multiply, zero, type PicoUsd } from "../money/money.ts";
import { countContext, meters, type Meter, type UsagePart } from "../usage/usage.ts";
import type { Charge, Match, ServiceTier } from "./rate.ts";
import { makeRateTable, type RateTable } from "./rate-table.ts";
import type { CatalogueRow, Rates } from "./row.ts";
import type { DearestQuery, DearestRates, PriceSheet } from "./sheet.ts";

/** A row as it holds in one stretch of time. */
export interface RowState {
  readonly row: CatalogueRow;
  readonly match: Match;
  readonly scheduled: Rates | undefined;
}

export interface RowSheetOptions {
  readonly model: string;
  readonly state: RowState;
  /** What may hold before a call that begins now has ended: it bounds such a call, and charges nothing. */
  readonly next: readonly RowState[];
  /** Milliseconds since the epoch, included. */
  readonly validSince: number;
  /** Excluded. */
  readonly validUntil: number;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
  /** The sheet of another moment. */
  readonly sheetAt: (at: number) => PriceSheet | undefined;
}

const serviceTiers: readonly ServiceTier[] = ["batch", "flex", "standard", "priority", "fast"];
const cacheWrites: readonly DearestQuery["cacheWrite"][] = ["none", "5m", "1h"];
const outputMeters: readonly Meter[] = ["output", "output_audio", "output_image"];
const toolMeters: readonly Meter[] = ["web_search", "file_search", "code_execution"];
const mediaMeters: readonly Meter[] = ["input_audio", "cache_read_audio", "input_image"];

export function makeRowSheet(options: RowSheetOptions): PriceSheet {
  const { model, state, validSince, validUntil, sheetAt } = options;
  const tables = tableCache(state);
  const states = [tables, ...options.next.map(tableCache)];

  return {
    provider: state.row.provider,
    model,
    match: state.match,
    validUntil,
    ...(options.contextWindow !== undefined && { contextWindow: options.contextWindow }),
    ...(options.maxOutputTokens !== undefined && { maxOutputTokens: options.maxOutputTokens }),

    charge(part, { serviceTier, at }) {
      if (at < validSince || at >= validUntil) {
        const other = sheetAt(at);
        if (other) return other.charge(part, { serviceTier, at });
      }
      const level = levelOf(state.row, countContext(part.usage));
      return chargePart(part, tables(level, serviceTier), model);
    },

    dearest: rememberDearest(states),
  };
}

type Tables = ((level: number, serviceTier: ServiceTier) => RateTable) & { readonly row: CatalogueRow };

/** Tables are made when they are first asked for: most models are only ever called on one tier, below every threshold. */
function tableCache(state: RowState): Tables {
  const made = new Map<ServiceTier, RateTable[]>();
  const tables = (level: number, serviceTier: ServiceTier): RateTable => {
    let levels = made.get(serviceTier);
    if (!levels) made.set(serviceTier, (levels = []));
    return (levels[level] ??= makeRateTable({ ...state, level, serviceTier }));
  };
  return Object.assign(tables, { row: state.row });
}

function chargePart(part: UsagePart, table: RateTable, model: string): readonly Charge[] {
  const lines: Charge[] = [];
  for (const meter of meters) {
    // A flat fee is due for every call, whether or not the answer counts itself.
    const quantity = part.usage[meter] ?? (meter === "request" ? 1 : 0);
    if (quantity === 0) continue;
    assert(Number.isSafeInteger(quantity) && quantity >= 0, "a charged quantity is a whole number and not negative");
    const rate = table[meter];
    if (!rate) continue;
    lines.push({ model: part.model ?? model, meter, quantity, cost: multiply(rate.perUnit, quantity), rate });
  }
  return lines;
}

/** How many context tiers a context of so many tokens has reached. */
function levelOf(row: CatalogueRow, context: number): number {
  const tiers = row.contextTiers;
  if (!tiers) return 0;
  let level = 0;
  for (const tier of tiers) {
    if (tier.inclusive ? context < tier.tokens : context <= tier.tokens) break;
    level++;
  }
  return level;
}

/** Queries differ in little: what they have in common is worked out once. */
function rememberDearest(states: readonly Tables[]): PriceSheet["dearest"] {
  const known = new Map<number, DearestRates>();
  return (query) => {
    let key = (serviceTiers.indexOf(query.serviceTier) * 3 + cacheWrites.indexOf(query.cacheWrite)) * 2 + (query.media === false ? 0 : 1);
    for (const { row } of states) key = key * ((row.contextTiers?.length ?? 0) + 1) + levelOf(row, query.inputTokens);
    let rates = known.get(key);
    if (!rates) known.set(key, (rates = dearestOf(states, query)));
    return rates;
  };
}

function dearestOf(states: readonly Tables[], query: DearestQuery): DearestRates {
  const most = { input: zero, output: zero, webSearch: zero, request: zero };
  const raise = (unit: keyof typeof most, rate: PicoUsd | undefined): void => {
    if (rate !== undefined && rate > most[unit]) most[unit] = rate;
  };
  for (const tables of states) {
    const reached = levelOf(tables.row, query.inputTokens);
    for (const tier of possibleTiers(query.serviceTier)) {
      for (let level = 0; level <= reached; level++) {
        const table = tables(level, tier);
        for (const meter of inputMetersOf(tables.row, query)) raise("input", table[meter]?.perUnit);
        for (const meter of outputMeters) raise("output", table[meter]?.perUnit);
        for (const meter of toolMeters) raise("webSearch", table[meter]?.perUnit);
        raise("request", table.request?.perUnit);
      }
    }
  }
  return most;
}

/** A provider may serve a cheaper tier than the one asked for. */
function possibleTiers(asked: ServiceTier): readonly ServiceTier[] {
  if (asked === "fast") return ["batch", "flex", "standard", "fast"];
  return serviceTiers.slice(0, serviceTiers.indexOf(asked) + 1);
}

function inputMetersOf(row: CatalogueRow, query: DearestQuery): readonly Meter[] {
  const kinds: Meter[] = ["input", "cache_read"];
  if (row.cacheWrites === "always" || query.cacheWrite !== "none") kinds.push("cache_write_5m");
  if (query.cacheWrite === "1h") kinds.push("cache_write_1h");
  if (query.media !== false) kinds.push(...mediaMeters);
  return kinds;
}
