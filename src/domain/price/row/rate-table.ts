/**
 * Builds the rate of every meter for one context size and set of terms, filling gaps in a price row
 * with substitutes.
 */

import { assert } from "../../assert.ts";
import { zero, type PicoUsd } from "../../money/money.ts";
import { isOpenMeter, sameTool } from "../../usage/open-meter.ts";
import { fixedMeters, type FixedMeter, type OpenMeter } from "../../usage/usage.ts";
import { countsTokens, unpricedSource, type Match, type PricedMeter, type Rate } from "./rate.ts";
import { scale } from "./ratio.ts";
import type { CatalogueRow, ContextTier, Factor, Rates } from "./row.ts";
import { anywhere, isOutput, unstatedTokens, type AppliedTerms } from "./terms.ts";

/**
 * `request` is absent if a call has no flat fee, and `reasoning` if it costs what output does;
 * every other fixed meter is present. {@link openRate} finds the rates of open meters.
 */
export type RateTable = Readonly<Partial<Record<TableMeter, Rate>>>;

type TableMeter = FixedMeter | "reasoning";

/** Selects the standard rates of a row at one time. */
export interface RowQuery {
  readonly row: CatalogueRow;
  /** The rates of a schedule that replace the row's own at that time. */
  readonly scheduled: Rates | undefined;
  /** The number of the row's context tiers reached. */
  readonly level: number;
}

/** Selects the rates of a row at one time and under the terms of a call. */
export interface TableQuery extends RowQuery {
  readonly match: Match;
  readonly applied: AppliedTerms;
}

/**
 * Substitutes for a meter without its own rate, in order. Audio and image input is charged as text
 * input, and unpriced cache tokens as plain input: never less than a known price, and never zero.
 */
const standIns: Readonly<Partial<Record<TableMeter, readonly FixedMeter[]>>> = {
  cache_read: ["input"],
  cache_write_5m: ["input"],
  cache_write_1h: ["cache_write_5m", "input"],
  output: ["input"],
  input_audio: ["input"],
  cache_read_audio: ["input_audio", "input"],
  output_audio: ["output", "input"],
  input_image: ["input"],
  output_image: ["output", "input"],
  reasoning: ["output", "input"],
};

/** A price, and where it is stated. */
export interface Found {
  readonly perUnit: PicoUsd;
  readonly source: string;
  readonly version: string;
  readonly context: ContextTier | undefined;
  /** Whether the price is stated under the terms. */
  readonly isOwn?: true;
}

export function makeRateTable(query: TableQuery): RateTable {
  const factor = product(query.applied.factors);
  const table: { [meter in TableMeter]?: Rate } = {};
  const unstated = unstatedTokens(query.row);
  const meters = hasReasoning(query, factor)
    ? ([...fixedMeters, "reasoning"] as const)
    : fixedMeters;
  for (const meter of meters) {
    const rate = rateOf(meter, query, factor);
    if (rate) table[meter] = isStated(rate, meter, unstated) ? rate : unpriced(rate);
  }
  return table;
}

/**
 * Whether the row, a supplement or a term has a price for reasoning that applies under the terms.
 */
function hasReasoning(query: TableQuery, factor: Factor | undefined): boolean {
  if (ownTermRate("reasoning", query)) return true;
  return !factor?.without?.includes("reasoning") && standardRate("reasoning", query) !== undefined;
}

function isStated(
  { perUnit }: Rate,
  meter: TableMeter,
  unstated: ReturnType<typeof unstatedTokens>,
): boolean {
  if (unstated === "none" || perUnit > zero || !countsTokens(meter)) return true;
  return unstated === "output" && !isOutput(meter);
}

function unpriced(rate: Rate): Rate {
  return { ...rate, source: unpricedSource };
}

/** The rate of an open meter. Like other fees, it is the same at every context size. */
export function openRate(meter: OpenMeter, query: Omit<TableQuery, "level">): Rate {
  const rate = rateOf(meter, { ...query, level: 0 }, undefined);
  assert(rate !== undefined, "every open meter has a rate, if only an unpriced one");
  return rate;
}

/** Combines all factors into one, so a rate is rounded only once; undefined for none. */
function product(factors: readonly Factor[]): Factor | undefined {
  const [first, ...others] = factors;
  return others.reduce<Factor | undefined>((left, right) => left && multiplied(left, right), first);
}

function multiplied(left: Factor, right: Factor): Factor {
  return {
    numerator: left.numerator * right.numerator,
    denominator: left.denominator * right.denominator,
    without: [...(left.without ?? []), ...(right.without ?? [])],
  };
}

function rateOf(
  meter: PricedMeter,
  query: TableQuery,
  factor: Factor | undefined,
): Rate | undefined {
  const stated = statedRate(meter, query);
  if (stated) return describe(meter, stated, { query, factor });
  for (const candidate of [meter, ...standInsOf(meter)]) {
    if (factor?.without?.includes(candidate)) continue;
    const found = standardRate(candidate, query);
    if (found) return notDearer(meter, describe(candidate, found, { query, factor }), query);
  }
  if (meter === "request") return undefined;
  assert(!countsTokens(meter), "a price row has a rate for input");
  return describe(
    meter,
    { perUnit: zero, source: unpricedSource, version: query.row.version, context: undefined },
    { query, factor },
  );
}

/**
 * The substitute for a meter that a discount leaves out, unless the meter costs less without the
 * discount: a batch does not make cached tokens dearer.
 */
function notDearer(meter: PricedMeter, substitute: Rate, query: TableQuery): Rate {
  if (substitute.meter === meter) return substitute;
  const leavesOut = ({ without }: Factor): boolean => without?.includes(meter) === true;
  const { factors } = query.applied;
  const left = factors.filter(leavesOut);
  if (left.length === 0 || left.some(raises)) return substitute;
  const standard = standardRate(meter, query);
  if (!standard) return substitute;
  const factor = product(factors.filter((one) => !leavesOut(one)));
  const rate = describe(meter, standard, { query, factor });
  return rate.perUnit < substitute.perUnit ? rate : substitute;
}

function raises({ numerator, denominator }: Factor): boolean {
  return numerator > denominator;
}

function standInsOf(meter: PricedMeter): readonly FixedMeter[] {
  if (!isOpenMeter(meter)) return standIns[meter] ?? [];
  const fee = sameTool(meter);
  return fee === undefined ? [] : [fee];
}

function describe(
  meter: PricedMeter,
  found: Found,
  { query, factor }: { query: TableQuery; factor: Factor | undefined },
): Rate {
  const scaled = factor !== undefined && countsTokens(meter);
  const isUnderTerms = scaled || found.isOwn === true;
  const { row, match } = query;
  const { serviceTier, region } = query.applied.terms;
  return {
    provider: row.provider,
    model: row.model,
    meter,
    perUnit: scaled ? scale(found.perUnit, factor) : found.perUnit,
    serviceTier: isUnderTerms ? serviceTier : "standard",
    ...(isUnderTerms && region !== anywhere && { region }),
    ...(found.context && {
      context: { tokens: found.context.tokens, inclusive: found.context.inclusive },
    }),
    match,
    source: found.source,
    version: found.version,
    ...(row.validFrom !== undefined && { validFrom: instantOf(row.validFrom) }),
  };
}

let latest = { at: Number.NaN, text: "" };

/** The rows of an update begin at one time, which is formatted once. */
function instantOf(at: number): string {
  if (latest.at !== at) latest = { at, text: new Date(at).toISOString() };
  return latest.text;
}

/** The price that the provider states under the terms, or that follows from it. */
function statedRate(meter: PricedMeter, query: TableQuery): Found | undefined {
  const direct = ownTermRate(meter, query);
  if (direct) return direct;
  for (const standIn of standInsOf(meter)) {
    const found = ownTermRate(standIn, query);
    if (found) return substituted(meter, standIn, { found, query });
  }
  return undefined;
}

function ownTermRate(meter: PricedMeter, { row, level, applied }: TableQuery): Found | undefined {
  const { source, version } = row;
  const reached = row.contextTiers?.slice(0, level).map(({ tokens }) => tokens) ?? [];
  for (const { rates, contextTiers = [] } of applied.own) {
    const context = contextTiers.findLast(
      (tier) => reached.includes(tier.tokens) && tier.rates[meter] !== undefined,
    );
    const perUnit = context?.rates[meter] ?? rates[meter];
    if (perUnit !== undefined) return { perUnit, source, version, context, isOwn: true };
  }
  return undefined;
}

interface Substitute {
  /** The rate of the substitute under the terms. */
  readonly found: Found;
  readonly query: TableQuery;
}

/**
 * The rate of the substitute, or the meter's standard rate changed as the substitute's is, whichever
 * is dearer. Where the substitute costs no more than its standard rate, so does the meter: a batch
 * that states no price of cached tokens does not make them dearer.
 */
function substituted(
  meter: PricedMeter,
  standIn: PricedMeter,
  { found, query }: Substitute,
): Found {
  const [standard, base] = [standardRate(meter, query), standardRate(standIn, query)];
  if (!base || base.perUnit === 0n) return found;
  const most = standard ?? standardSubstitute(meter, query);
  const isDiscount = found.perUnit <= base.perUnit;
  if (isDiscount && most && most.perUnit < found.perUnit) return most;
  if (!standard) return found;
  const perUnit = scale(standard.perUnit, {
    numerator: found.perUnit,
    denominator: base.perUnit,
  });
  return perUnit > found.perUnit ? { ...standard, perUnit, isOwn: true } : found;
}

function standardSubstitute(meter: PricedMeter, query: TableQuery): Found | undefined {
  for (const standIn of standInsOf(meter)) {
    const found = standardRate(standIn, query);
    if (found) return found;
  }
  return undefined;
}

/** The row's own rate at this context size, or the one added by a supplement. */
export function standardRate(meter: PricedMeter, query: RowQuery): Found | undefined {
  const { row } = query;
  const listed = listedRate(meter, query);
  if (listed) return listed;
  for (const { rates, multiples, source, version } of row.supplements ?? []) {
    const fixed = rates?.[meter];
    if (fixed !== undefined) return { perUnit: fixed, source, version, context: undefined };
    const multiple = multiples?.[meter];
    const base = multiple && listedRate(multiple.of, query);
    if (base)
      return { perUnit: scale(base.perUnit, multiple), source, version, context: base.context };
  }
  return undefined;
}

function listedRate(meter: PricedMeter, { row, scheduled, level }: RowQuery): Found | undefined {
  const { source, version } = row;
  for (let index = level - 1; index >= 0; index--) {
    const context = row.contextTiers?.[index];
    const perUnit = context?.rates[meter];
    if (perUnit !== undefined) return { perUnit, source, version, context };
  }
  const perUnit = scheduled?.[meter] ?? row.rates[meter];
  return perUnit === undefined ? undefined : { perUnit, source, version, context: undefined };
}
