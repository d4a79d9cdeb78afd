/** Finds the meter that prices what a call is billed for, if that is not tokens. */

import { add, multiply, zero, type PicoUsd } from "../money/money.ts";
import type { BilledUnit } from "../usage/billed-unit.ts";
import type { OpenMeter } from "../usage/usage.ts";
import type { ChargeOptions, DearestRates, PriceSheet, TermsQuery } from "./sheet.ts";

/** A unit, whatever its number. */
export type PricedUnit = Pick<BilledUnit, "meters" | "family">;

/** What is known of a call before it is made. Its answer may report other terms. */
export interface UnitQuery extends TermsQuery {
  /** Milliseconds since the epoch. Some prices apply at some hours only. */
  readonly at: number;
}

/**
 * @returns The first of its meters with a price under the terms, else the dearest variant that is
 *   {@link alike}; undefined if the model has no price for any.
 */
export function unitMeter(
  sheet: PriceSheet,
  unit: PricedUnit,
  terms: ChargeOptions,
): OpenMeter | undefined {
  return pricedMeter(unit, sheet.unitRates(terms))?.meter;
}

/** Whether a unit has a price at a time, if only under a tier or in a region. */
export function pricesUnit(sheet: PriceSheet, unit: PricedUnit, at: number): boolean {
  return sheet
    .possibleTerms({ serviceTier: "other" })
    .some((terms) => unitMeter(sheet, unit, { ...terms, at }) !== undefined);
}

/** The units of a call by the meters that price them. */
export interface PricedUnits {
  readonly counts: ReadonlyMap<OpenMeter, number>;
  /** Whether a variant's price is unknown, so the dearest one applies. */
  readonly isBound: boolean;
}

/**
 * The units of a call by the meters that price them, {@link BilledUnit.also} included. One without a
 * price is counted by its general meter, unless it may be free.
 *
 * @returns undefined if the model has no price for the unit itself.
 */
export function pricedUnits(
  sheet: PriceSheet,
  unit: BilledUnit,
  terms: ChargeOptions,
): PricedUnits | undefined {
  const rates = sheet.unitRates(terms);
  const own = pricedMeter(unit, rates);
  if (!own) return undefined;
  const counts = new Map([[own.meter, unit.count]]);
  let { isBound } = own;
  for (const added of unit.also ?? []) {
    const other = pricedMeter(added, rates);
    if (!other && added.mayBeFree) continue;
    const meter = other?.meter ?? added.family;
    counts.set(meter, (counts.get(meter) ?? 0) + added.count);
    isBound ||= other?.isBound ?? false;
  }
  return { counts, isBound };
}

/**
 * The most that the units of a call can cost under the terms it may be billed at, in the coming
 * hour, without a fee per request; undefined if they have no price now under any of them.
 */
export function unitBound(
  sheet: PriceSheet,
  unit: BilledUnit,
  query: UnitQuery,
): PicoUsd | undefined {
  const now = dearestUnits(sheet, unit, query);
  if (now === undefined) return undefined;
  return sheet.upcoming.reduce((most, { from, sheet: next }) => {
    const cost = dearestUnits(next, unit, { ...query, at: from }) ?? zero;
    return cost > most ? cost : most;
  }, now);
}

function dearestUnits(sheet: PriceSheet, unit: BilledUnit, query: UnitQuery): PicoUsd | undefined {
  const costs = sheet.possibleTerms(query).flatMap(({ serviceTier, region }) => {
    const terms = { serviceTier, region, at: query.at };
    const units = pricedUnits(sheet, unit, terms);
    return units ? [costOf(units.counts, sheet.unitRates(terms))] : [];
  });
  const [first, ...others] = costs;
  return first === undefined
    ? undefined
    : others.reduce((most, cost) => (cost > most ? cost : most), first);
}

/** The units that a model is billed by, if its tokens cost nothing; else empty. */
export function billedUnits(sheet: PriceSheet): readonly OpenMeter[] {
  return sheet.openMeters.length === 0 || chargesTokens(sheet) ? [] : sheet.openMeters;
}

/** The units that alone have a price; empty if tokens have one too, or nothing has. */
export function unitsOnly(sheet: PriceSheet | undefined): readonly OpenMeter[] {
  return sheet === undefined || sheet.pricesTokens ? [] : sheet.openMeters;
}

const mostNamed = 3;

/** What lacks a price: `openai/sora-2 has no price for tokens, only for video_seconds`. */
export function lackingPrice(name: string, units: readonly OpenMeter[] = []): string {
  if (units.length === 0) return `${name} has no price`;
  const others = units.length > mostNamed ? ` and ${units.length - mostNamed} more` : "";
  return `${name} has no price for tokens, only for ${units.slice(0, mostNamed).join(", ")}${others}`;
}

/**
 * The cost of one of each of the {@link billedUnits}. Units without a price at that time are left out.
 */
export function unitPrices(
  sheet: PriceSheet,
  terms: ChargeOptions,
): ReadonlyMap<OpenMeter, PicoUsd> {
  return billedUnits(sheet).length === 0 ? new Map() : sheet.unitRates(terms);
}

/** A call whose price may be by its unit or in tokens. */
interface CallByUnit extends BilledUnit {
  /** Null if its answer never reports tokens. */
  readonly output: string | null;
}

/**
 * Whether a call can be charged under any terms it may be billed at: by its units, or by tokens,
 * free ones included.
 */
export function pricesCall(sheet: PriceSheet, unit: CallByUnit, query: UnitQuery): boolean {
  return (
    lackingUnit(sheet, unit, query) === undefined ||
    (chargesTokens(sheet, query) ? unit.output !== null : sheet.openMeters.length === 0)
  );
}

/** The first unit of a call without a price under terms it may be billed at. */
export function lackingUnit(
  sheet: PriceSheet | undefined,
  unit: BilledUnit,
  query: UnitQuery,
): PricedUnit | undefined {
  const added = unit.also?.filter(({ mayBeFree }) => !mayBeFree) ?? [];
  const needed = [unit, ...added];
  return sheet ? needed.find((one) => !isPriced(sheet, one, query)) : needed[0];
}

function isPriced(sheet: PriceSheet, unit: PricedUnit, query: UnitQuery): boolean {
  return sheet
    .possibleTerms(query)
    .every((terms) => unitMeter(sheet, unit, { ...terms, at: query.at }) !== undefined);
}

/** Whether tokens cost anything. A price in units alone states them as zero. */
export function chargesTokens(
  sheet: PriceSheet,
  query: TermsQuery = { serviceTier: "standard" },
): boolean {
  const rates = ratesUnder(sheet, query);
  return rates.input > zero || rates.output > zero;
}

/** Whether a request costs something by itself. */
export function chargesRequests(sheet: PriceSheet, query: TermsQuery): boolean {
  return ratesUnder(sheet, query).request > zero;
}

function ratesUnder(sheet: PriceSheet, { serviceTier, region }: TermsQuery): DearestRates {
  return sheet.dearest({ inputTokens: 0, cacheWrite: "none", serviceTier, region });
}

type Variant = readonly [meter: OpenMeter, perUnit: PicoUsd];

interface PricedMeter {
  readonly meter: OpenMeter;
  /** Whether it is the dearest of several, because that of the call has no price of its own. */
  readonly isBound: boolean;
}

function costOf(
  units: ReadonlyMap<OpenMeter, number>,
  rates: ReadonlyMap<OpenMeter, PicoUsd>,
): PicoUsd {
  let cost = zero;
  for (const [meter, count] of units) cost = add(cost, multiply(rates.get(meter) ?? zero, count));
  return cost;
}

function pricedMeter(
  unit: PricedUnit,
  rates: ReadonlyMap<OpenMeter, PicoUsd>,
): PricedMeter | undefined {
  const { meters, family } = unit;
  const variants = [...rates].filter(([meter]) => isOfFamily(meter, family));
  for (const meter of meters) {
    const general = rates.get(meter);
    if (general === undefined) continue;
    const isOther = ([variant, perUnit]: Variant): boolean =>
      meter === family
        ? isVariantOf(variant, unit) || (perUnit > general && isSmaller(variant, unit))
        : perUnit > general && mayBe(variant, { meter, unit });
    if (variants.some(isOther)) break;
    return { meter, isBound: false };
  }
  const [first, ...others] = alike(variants, unit);
  if (!first) return undefined;
  const [meter] = others.reduce((most, next) => (next[1] > most[1] ? next : most), first);
  return { meter, isBound: variants.some(([, perUnit]) => perUnit !== first[1]) };
}

/**
 * The variants that bound one without a price: those of its quality if one is at least as large, else
 * those of its size and the general price, else all.
 */
function alike(variants: readonly Variant[], unit: PricedUnit): readonly Variant[] {
  const ofQuality = variants.filter(([variant]) => hasQuality(variant, unit));
  const asked = Math.max(...unit.meters.map(pixelsOf));
  if (ofQuality.some(([variant]) => pixelsOf(variant) >= asked)) return ofQuality;
  const ofSize = variants.filter(
    ([variant]) => isVariantOf(variant, unit) && !isOrHasQuality(variant, unit),
  );
  const general = variants.filter(([variant]) => variant === unit.family);
  return ofSize.length > 0 ? [...ofSize, ...general] : variants;
}

/**
 * Whether a call that no closer meter prices may be billed as a variant of this meter: one of a
 * quality, if the call states none, or one of the same quality that is no larger than the call's.
 */
function mayBe(
  variant: OpenMeter,
  { meter, unit }: { readonly meter: OpenMeter; readonly unit: PricedUnit },
): boolean {
  const { meters, family } = unit;
  const ending = meter.slice(family.length);
  const isOfSize = (one: OpenMeter): boolean => one !== meter && one.endsWith(ending);
  if (isOfSize(variant)) return !meters.some(isOfSize);
  const asked = Math.max(...meters.map(pixelsOf));
  return variant.startsWith(`${meter}_`) && pixelsOf(variant) <= asked;
}

/**
 * Whether a variant is a smaller resolution of a video: if it costs more than the family's own price,
 * that is the price of a still smaller one.
 */
function isSmaller(variant: OpenMeter, { meters, family }: PricedUnit): boolean {
  const lines = linesOf(variant, family) ?? Infinity;
  return meters.some((meter) => lines < (linesOf(meter, family) ?? 0));
}

/** 720 of `video_seconds_720p`. */
function linesOf(meter: OpenMeter, family: OpenMeter): number | undefined {
  const [, lines] = /^_(\d+)p$/.exec(meter.slice(family.length)) ?? [];
  return lines === undefined ? undefined : Number(lines);
}

/**
 * Whether a variant's name extends one of the meters: `images_hd_1024x1792` extends `images_hd` and
 * `images_1024x1792`. The family's own price does not cover another such variant.
 */
function isVariantOf(variant: OpenMeter, unit: PricedUnit): boolean {
  const { meters, family } = unit;
  const hasSize = meters.some(
    (meter) => meter !== family && variant.endsWith(meter.slice(family.length)),
  );
  return hasSize || hasQuality(variant, unit);
}

/** Of `images_hd_1024x1792` or `images_2k`; 0 without a size. */
function pixelsOf(meter: OpenMeter): number {
  const [, width = 0, height = 0] = /_(\d+)x(\d+)$/.exec(meter) ?? [];
  const [, thousands = 0] = /_(\d)k$/.exec(meter) ?? [];
  return Number(width) * Number(height) || (Number(thousands) * 1024) ** 2;
}

function hasQuality(variant: OpenMeter, { meters, family }: PricedUnit): boolean {
  return meters.some((meter) => meter !== family && variant.startsWith(`${meter}_`));
}

/** Whether a variant is of a quality of the call, in some size or in any. */
function isOrHasQuality(variant: OpenMeter, unit: PricedUnit): boolean {
  return hasQuality(variant, unit) || unit.meters.some((meter) => meter.startsWith(`${variant}_`));
}

function isOfFamily(meter: OpenMeter, family: OpenMeter): boolean {
  return meter === family || meter.startsWith(`${family}_`);
}
