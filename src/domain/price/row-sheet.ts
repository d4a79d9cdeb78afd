/**
 * The price sheet of one catalogue row at one time: prices usage, and bounds the cost of a call in
 * advance.
 */

import { assert } from "../assert.ts";
import { multiply, zero, type PicoUsd } from "../money/money.ts";
import {
  countContext,
  feeMeters,
  fixedMeters,
  type FeeMeter,
  type FixedMeter,
  type OpenMeter,
  type UsagePart,
} from "../usage/usage.ts";
import { isOpenMeter, openMetersOf } from "../usage/open-meter.ts";
import {
  unpricedSource,
  type Charge,
  type Match,
  type PricedMeter,
  type Rate,
  type ServiceTier,
} from "./row/rate.ts";
import { makeRateTable, openRate, type RateTable } from "./row/rate-table.ts";
import type { CatalogueRow, Rates } from "./row/row.ts";
import type { DearestQuery, DearestRates, PriceSheet, TermsQuery, UpcomingSheet } from "./sheet.ts";
import {
  anywhere,
  applyTerms,
  possibleRegions,
  statedRates,
  unstatedTokens,
  type AppliedTerms,
  type Terms,
} from "./row/terms.ts";

/** A row's prices during one period of time. */
export interface RowState {
  readonly row: CatalogueRow;
  readonly match: Match;
  readonly scheduled: Rates | undefined;
}

export interface UpcomingState extends RowState {
  /** Milliseconds since the epoch. */
  readonly from: number;
}

export interface RowSheetOptions {
  readonly model: string;
  readonly state: RowState;
  /**
   * States that may become valid before a call starting now ends: used for bounds, not for charges.
   */
  readonly next: readonly UpcomingState[];
  /** Milliseconds since the epoch, included. */
  readonly validSince: number;
  /** Excluded. */
  readonly validUntil: number;
  readonly rowUntil: () => number;
  /** The region of the provider's calls; null if the provider decides. */
  readonly region: string | null;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
  /** The sheet at another time. */
  readonly sheetAt: (at: number) => PriceSheet | undefined;
}

/** Cheapest first. */
const serviceTiers: readonly ServiceTier[] = ["batch", "flex", "standard", "priority", "fast"];
const outputMeters: readonly FixedMeter[] = ["output", "output_audio", "output_image"];
const mediaMeters: readonly FixedMeter[] = ["input_audio", "cache_read_audio", "input_image"];

export function makeRowSheet(options: RowSheetOptions): PriceSheet {
  const { model, state, validSince, validUntil, sheetAt } = options;
  const usual = options.region ?? anywhere;
  const tables = tableCache(state);
  const states = [tables, ...options.next.map(tableCache)];
  const openMeters = openMetersOfRow(state.row);
  const unitRates = rememberUnitRates(state, openMeters);
  const foundBy = rememberMatches(options);
  const upcoming = rememberUpcoming(options);

  const sheet: PriceSheet = {
    provider: state.row.provider,
    model,
    match: state.match,
    row: state.row,
    validUntil,
    rowUntil: options.rowUntil,
    ...(options.contextWindow !== undefined && { contextWindow: options.contextWindow }),
    ...(options.maxOutputTokens !== undefined && { maxOutputTokens: options.maxOutputTokens }),

    charge(part, { serviceTier, region = usual, at }) {
      if (at < validSince || at >= validUntil) {
        const other = sheetAt(at);
        if (other) return other.charge(part, { serviceTier, region, at });
      }
      const level = levelOf(state.row, countContext(part.usage));
      const terms = { serviceTier, region };
      return chargePart(part, { state, table: tables(level, terms), terms, model });
    },
    pricesTokens: unstatedTokens(state.row) === "none",
    openMeters,
    unitRates({ serviceTier, region = usual, at }) {
      const other = at < validSince || at >= validUntil ? sheetAt(at) : undefined;
      return other ? other.unitRates({ serviceTier, region, at }) : unitRates(serviceTier, region);
    },
    get upcoming() {
      return upcoming();
    },
    possibleTerms: ({ serviceTier, region }) =>
      possibleTerms(state.row, { serviceTier, region: region ?? options.region ?? undefined }),
    prices: ({ serviceTier, region = usual }) =>
      applyTerms(state.row, { serviceTier, region }).isPriced,

    dearest: rememberDearest(states, options.region ?? undefined),

    foundBy: (match) => (match === state.match ? sheet : foundBy(match)),
  };
  return sheet;
}

/** The same sheet for models that are found in another way. */
function rememberMatches(options: RowSheetOptions): (match: Match) => PriceSheet {
  const { state, sheetAt } = options;
  const sheets = new Map<Match, PriceSheet>();
  return (match) => {
    const known = sheets.get(match);
    if (known) return known;
    const made = makeRowSheet({
      ...options,
      state: { ...state, match },
      sheetAt: (at) => sheetAt(at)?.foundBy(match),
    });
    sheets.set(match, made);
    return made;
  };
}

function rememberUpcoming({ next, sheetAt }: RowSheetOptions): () => readonly UpcomingSheet[] {
  let sheets: readonly UpcomingSheet[] | undefined;
  return () =>
    (sheets ??= next.flatMap(({ from }) => {
      const sheet = sheetAt(from);
      return sheet ? [{ from, sheet }] : [];
    }));
}

type Tables = ((level: number, terms: Terms) => RateTable) & { readonly row: CatalogueRow };

/**
 * Builds tables on first use: most models are only called under one set of terms, below every
 * context tier.
 */
function tableCache(state: RowState): Tables {
  const made = new Map<ServiceTier, Map<string, Made>>();
  const tables = (level: number, { serviceTier, region }: Terms): RateTable => {
    let regions = made.get(serviceTier);
    if (!regions) made.set(serviceTier, (regions = new Map()));
    let known = regions.get(region);
    if (!known) {
      known = { applied: applyTerms(state.row, { serviceTier, region }), levels: [] };
      // Regions come from answers, so this cache is bounded.
      if (regions.size < mostRegions) regions.set(region, known);
    }
    return (known.levels[level] ??= makeRateTable({ ...state, level, applied: known.applied }));
  };
  return Object.assign(tables, { row: state.row });
}

interface Made {
  readonly applied: AppliedTerms;
  readonly levels: RateTable[];
}

const mostRegions = 100;

interface PartRates {
  readonly state: RowState;
  readonly table: RateTable;
  readonly terms: Terms;
  readonly model: string;
}

function chargePart(part: UsagePart, { state, table, terms, model }: PartRates): readonly Charge[] {
  const { usage } = part;
  const served = part.model ?? model;
  const lines: Charge[] = [];
  const reasoning = table.reasoning ? Math.min(usage.reasoning ?? 0, usage.output ?? 0) : 0;
  for (const meter of fixedMeters) {
    // A flat fee is due for every call, even if the answer does not report it.
    const quantity = usage[meter] ?? (meter === "request" ? 1 : 0);
    if (quantity === 0) continue;
    const rate = table[meter];
    const apart = meter === "output" ? reasoning : 0;
    if (rate && quantity !== apart)
      lines.push(lineOf(served, { meter, quantity: quantity - apart, rate }));
    if (table.reasoning && apart !== 0)
      lines.push(lineOf(served, { meter: "reasoning", quantity: apart, rate: table.reasoning }));
  }
  const open = openMetersOf(usage);
  if (open.length === 0) return lines;
  const applied = applyTerms(state.row, terms);
  for (const meter of open) {
    const quantity = usage[meter] ?? 0;
    if (quantity === 0) continue;
    const rate = openRate(meter, { ...state, applied });
    lines.push(lineOf(served, { meter, quantity, rate }));
  }
  return lines;
}

interface Counted {
  readonly meter: PricedMeter;
  readonly quantity: number;
  readonly rate: Rate;
}

function lineOf(model: string, { meter, quantity, rate }: Counted): Charge {
  assert(
    Number.isSafeInteger(quantity) && quantity >= 0,
    "a charged quantity is a whole number and not negative",
  );
  return { model, meter, quantity, cost: multiply(rate.perUnit, quantity), rate };
}

function openMetersOfRow(row: CatalogueRow): readonly OpenMeter[] {
  return [...new Set(statedRates(row).flatMap((rates) => Object.keys(rates).filter(isOpenMeter)))];
}

type UnitRates = ReadonlyMap<OpenMeter, PicoUsd>;

/** Caches the rates of open meters by tier and region. */
function rememberUnitRates(
  state: RowState,
  meters: readonly OpenMeter[],
): (serviceTier: ServiceTier, region: string) => UnitRates {
  const known = new Map<string, UnitRates>();
  return (serviceTier, region) => {
    const key = `${serviceTier} ${region}`;
    let rates = known.get(key);
    if (!rates) {
      rates = unitRatesOf(meters, {
        ...state,
        applied: applyTerms(state.row, { serviceTier, region }),
      });
      // Regions come from answers, so this cache is bounded.
      if (known.size < mostRegions) known.set(key, rates);
    }
    return rates;
  };
}

function unitRatesOf(
  meters: readonly OpenMeter[],
  query: Parameters<typeof openRate>[1],
): UnitRates {
  return new Map(
    meters.flatMap((meter) => {
      const { perUnit, source } = openRate(meter, query);
      return source === unpricedSource ? [] : [[meter, perUnit] as const];
    }),
  );
}

/** The number of context tiers reached by a context of this many tokens. */
export function levelOf(row: CatalogueRow, context: number): number {
  const tiers = row.contextTiers;
  if (!tiers) return 0;
  let level = 0;
  for (const tier of tiers) {
    if (tier.inclusive ? context < tier.tokens : context <= tier.tokens) break;
    level++;
  }
  return level;
}

/** Caches results by the properties of a query that affect them. */
function rememberDearest(
  states: readonly Tables[],
  usual: string | undefined,
): PriceSheet["dearest"] {
  const known = new Map<string, DearestRates>();
  return (asked) => {
    const query = { ...asked, region: asked.region ?? usual };
    const levels = states.map(({ row }) => levelOf(row, query.inputTokens));
    const fees = query.fees?.join(",") ?? "any";
    const key = [
      query.serviceTier,
      query.region === undefined ? "any" : `in ${query.region}`,
      query.cacheWrite,
      query.media !== false,
      fees,
      ...levels,
    ].join(" ");
    let rates = known.get(key);
    if (!rates) {
      rates = dearestOf(states, query);
      if (known.size < mostQueries) known.set(key, rates);
    }
    return rates;
  };
}

const mostQueries = 1000;

function dearestOf(states: readonly Tables[], query: DearestQuery): DearestRates {
  const most = { input: zero, output: zero, webSearch: zero, request: zero };
  const raise = (unit: keyof typeof most, rate: PicoUsd | undefined): void => {
    if (rate !== undefined && rate > most[unit]) most[unit] = rate;
  };
  const fees: readonly FeeMeter[] = query.fees ?? feeMeters;
  for (const tables of states) {
    for (const { mayCost } of tables.row.supplements ?? [])
      for (const meter of fees) raise("webSearch", mayCost?.[meter]);
    for (const table of possibleTables(tables, query)) {
      for (const meter of inputMetersOf(tables.row, query)) raise("input", table[meter]?.perUnit);
      for (const meter of outputMeters) raise("output", table[meter]?.perUnit);
      raise("output", table.reasoning?.perUnit);
      for (const meter of fees) raise("webSearch", table[meter]?.perUnit);
      raise("request", table.request?.perUnit);
    }
  }
  return most;
}

/** The tables of every tier, region and context size under which the call can be billed. */
function possibleTables(tables: Tables, query: DearestQuery): readonly RateTable[] {
  const levels = Array.from(
    { length: levelOf(tables.row, query.inputTokens) + 1 },
    (_, level) => level,
  );
  return possibleTerms(tables.row, query).flatMap((terms) =>
    levels.map((level) => tables(level, terms)),
  );
}

function possibleTerms(row: CatalogueRow, { serviceTier, region }: TermsQuery): readonly Terms[] {
  const regions = possibleRegions(row, region);
  return possibleTiers(serviceTier).flatMap((tier) =>
    regions.map((place) => ({ serviceTier: tier, region: place })),
  );
}

/** A provider may serve a cheaper tier than requested; an unknown tier may be any of them. */
function possibleTiers(asked: ServiceTier): readonly ServiceTier[] {
  if (asked === "other") return serviceTiers;
  if (asked === "fast") return ["batch", "flex", "standard", "fast"];
  return serviceTiers.slice(0, serviceTiers.indexOf(asked) + 1);
}

function inputMetersOf(row: CatalogueRow, query: DearestQuery): readonly FixedMeter[] {
  const kinds: FixedMeter[] = ["input", "cache_read"];
  if (row.cacheWrites === "always" || query.cacheWrite !== "none") kinds.push("cache_write_5m");
  if (query.cacheWrite === "1h") kinds.push("cache_write_1h");
  if (query.media !== false) kinds.push(...mediaMeters);
  return kinds;
}
