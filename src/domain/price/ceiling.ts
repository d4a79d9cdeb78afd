/**
 * The rates at which a model without a price is held, if its provider reports what it bills: the
 * dearest of the provider's listed models.
 */

import { zero } from "../money/money.ts";
import { boundOf, type RowBound } from "./row/row-bound.ts";
import { ceilingSource, type CeilingRates, type FallbackRates, type Rate } from "./row/rate.ts";
import { lookAheadMs } from "./row/schedule.ts";
import type { CeilingQuery, DearestRates, PriceBook, PriceSheet } from "./sheet.ts";

/**
 * What bounds a provider's models without a price: the `dearest` of its listed models, stated token
 * rates, or nothing.
 */
export type UnlistedRule = "none" | "dearest" | Pick<FallbackRates, "input" | "output">;

/** The sheets of a provider's listed models during one period of time. */
export interface Listing {
  readonly sheets: readonly PriceSheet[];
  /** Excluded, in milliseconds since the epoch. */
  readonly until: number;
}

export interface CeilingOptions {
  readonly rule: (provider: string) => UnlistedRule;
  readonly list: (provider: string, at: number) => Listing;
}

interface Remembered extends Listing {
  readonly since: number;
  readonly found: Map<string, FallbackRates | undefined>;
}

/** Reading a whole list takes milliseconds, so results are kept until a price changes. */
export function ceilingFinder({ rule, list }: CeilingOptions): PriceBook["ceiling"] {
  const known = new Map<string, Remembered>();
  const listingAt = (provider: string, at: number): Remembered => {
    const kept = known.get(provider);
    if (kept && at >= kept.since && at < kept.until) return kept;
    const listing = { ...list(provider, at), since: at, found: new Map() };
    // Queries about the past do not evict the present.
    if ((!kept || at >= kept.until) && (kept || known.size < mostProviders))
      known.set(provider, listing);
    return listing;
  };
  return (query) => {
    const stated = rule(query.provider);
    if (stated === "none") return undefined;
    const { found, sheets } = listingAt(query.provider, query.at);
    const key = [
      query.serviceTier,
      query.region === undefined ? "any" : `in ${query.region}`,
      query.cacheWrite,
      query.media !== false,
      query.fees?.join(",") ?? "any",
    ].join(" ");
    if (found.has(key)) return found.get(key);
    const ceiling = asFallback(dearestOf(sheets, query), stated === "dearest" ? null : stated);
    // Regions come from requests.
    if (found.size < mostQueries) found.set(key, ceiling);
    return ceiling;
  };
}

const mostProviders = 100;
const mostQueries = 1000;

function dearestOf(sheets: readonly PriceSheet[], query: CeilingQuery): CeilingRates {
  const none = {
    provider: query.provider,
    model: "*",
    perUnit: zero,
    serviceTier: query.serviceTier,
    ...(query.region != null && { region: query.region }),
    match: "fallback",
    source: ceilingSource,
    version: "configuration",
  } as const;
  const most: Record<keyof DearestRates, Rate> = {
    input: { ...none, meter: "input" },
    output: { ...none, meter: "output" },
    webSearch: { ...none, meter: "web_search" },
    request: { ...none, meter: "request" },
  };
  for (const { sheet, bound } of boundedOf(sheets, query.at)) {
    if (bound && isWithin(bound, most, query)) continue;
    const dearest = sheet.dearest({ ...query, inputTokens: Number.MAX_SAFE_INTEGER });
    const { provider, model, version } = sheet.row;
    for (const unit of units) {
      const perUnit = dearest[unit];
      if (perUnit > most[unit].perUnit)
        most[unit] = { ...most[unit], provider, model, perUnit, version };
    }
  }
  return most;
}

interface Bounded {
  readonly sheet: PriceSheet;
  /** Undefined if only the sheet can say. */
  readonly bound: RowBound | undefined;
}

/**
 * The dearest first, so that most of a long list need not be priced: a quarter of the time for
 * 1,100 rows.
 */
function boundedOf(sheets: readonly PriceSheet[], at: number): readonly Bounded[] {
  const bounded = sheets.map((sheet) => ({
    sheet,
    // A sheet that is about to change has the rates of the next one too.
    bound: sheet.validUntil > at + lookAheadMs ? boundOf(sheet.row) : undefined,
  }));
  const order = ({ bound }: Bounded): bigint => (bound ? -bound.token : -most64);
  return bounded.toSorted((left, right) => (order(left) < order(right) ? -1 : 1));
}

const most64 = 1n << 63n;

/** Whether no rate of a row can be dearer than those that were found. */
function isWithin(
  { token, fee, request }: RowBound,
  most: Readonly<Record<keyof DearestRates, Rate>>,
  { fees }: CeilingQuery,
): boolean {
  return (
    token <= most.input.perUnit &&
    token <= most.output.perUnit &&
    (fees?.length === 0 || fee <= most.webSearch.perUnit) &&
    request <= most.request.perUnit
  );
}

const units = ["input", "output", "webSearch", "request"] as const;

/** Stated rates replace those of tokens; fees are always the dearest of the list. */
function asFallback(
  dearest: CeilingRates,
  stated: Exclude<UnlistedRule, string> | null,
): FallbackRates | undefined {
  const state = (rate: Rate, perUnit: FallbackRates["input"]): Rate => ({
    ...rate,
    model: "*",
    perUnit,
    version: "configuration",
  });
  const ceiling = stated
    ? {
        ...dearest,
        input: state(dearest.input, stated.input),
        output: state(dearest.output, stated.output),
      }
    : dearest;
  if (ceiling.input.perUnit === zero || ceiling.output.perUnit === zero) return undefined;
  return { input: ceiling.input.perUnit, output: ceiling.output.perUnit, ceiling };
}
