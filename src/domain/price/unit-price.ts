/** Finds the meter that prices what a call is billed for, if that is not tokens. */

import { add, multiply, zero, type PicoUsd } from "../money/money.ts";
import type { BilledUnit } from "../usage/billed-unit.ts";
import type { OpenMeter } from "../usage/usage.ts";
import type { ChargeOptions, PriceSheet, TermsQuery } from "./sheet.ts";

type PricedUnit = Pick<BilledUnit, "meters" | "family">;

/** A call before it is made: its answer may report other terms than those requested. */
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

/** The units of a call by the meters that price them. */
export interface PricedUnits {
  readonly counts: ReadonlyMap<OpenMeter, number>;
  /** Whether the price of a variant is not known, so that the dearest one applies. */
  readonly isBound: boolean;
}

/**
 * The units of a call by the meters that price them, {@link BilledUnit.also} included.
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
    if (!other) continue;
    counts.set(other.meter, (counts.get(other.meter) ?? 0) + added.count);
    isBound ||= other.isBound;
  }
  return { counts, isBound };
}

/**
 * The most that the units of a call can cost under the terms it may be billed at, without a fee per
 * request; undefined if they have no price under any of them.
 */
export function unitBound(
  sheet: PriceSheet,
  unit: BilledUnit,
  query: UnitQuery,
): PicoUsd | undefined {
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
 * What one of each of the {@link billedUnits} costs, those without a price at the time left out.
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
 * Whether a call can be charged under any terms it may be billed at: by its unit, or by tokens,
 * free ones included.
 */
export function pricesCall(sheet: PriceSheet, unit: CallByUnit, query: UnitQuery): boolean {
  return (
    sheet
      .possibleTerms(query)
      .every((terms) => unitMeter(sheet, unit, { ...terms, at: query.at }) !== undefined) ||
    (chargesTokens(sheet, query) ? unit.output !== null : sheet.openMeters.length === 0)
  );
}

/** Whether tokens cost anything. A price in units alone states them as zero. */
export function chargesTokens(
  sheet: PriceSheet,
  { serviceTier, region }: TermsQuery = { serviceTier: "standard" },
): boolean {
  const rates = sheet.dearest({ inputTokens: 0, cacheWrite: "none", serviceTier, region });
  return rates.input > zero || rates.output > zero;
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
      isVariantOf(variant, unit) || (perUnit > general && isSmaller(variant, unit));
    if (meter === family && variants.some(isOther)) break;
    return { meter, isBound: false };
  }
  const [first, ...others] = alike(variants, unit);
  if (!first) return undefined;
  const [meter] = others.reduce((most, next) => (next[1] > most[1] ? next : most), first);
  return { meter, isBound: variants.some(([, perUnit]) => perUnit !== first[1]) };
}

/**
 * The variants that may cost what one without a price does: those of its quality if one is as
 * large, else those of its size and the general price, else all.
 */
function alike(variants: readonly Variant[], unit: PricedUnit): readonly Variant[] {
  const ofQuality = variants.filter(([variant]) => hasQuality(variant, unit));
  const asked = Math.max(...unit.meters.map(pixelsOf));
  if (ofQuality.some(([variant]) => pixelsOf(variant) >= asked)) return ofQuality;
  const ofSize = variants.filter(
    ([variant]) => isVariantOf(variant, unit) && !hasQuality(variant, unit),
  );
  const general = variants.filter(([variant]) => variant === unit.family);
  return ofSize.length > 0 ? [...ofSize, ...general] : variants;
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
 * Whether a variant is named by one of the meters and more, as `images_hd_1024x1792` is by `images_hd`
 * and by `images_1024x1792`. The family's own price is then not meant for another such variant.
 */
function isVariantOf(variant: OpenMeter, unit: PricedUnit): boolean {
  const { meters, family } = unit;
  const hasSize = meters.some(
    (meter) => meter !== family && variant.endsWith(meter.slice(family.length)),
  );
  return hasSize || hasQuality(variant, unit);
}

/** Of `images_hd_1024x1792`; 0 without a size. */
function pixelsOf(meter: OpenMeter): number {
  const [, width = 0, height = 0] = /_(\d+)x(\d+)$/.exec(meter) ?? [];
  return Number(width) * Number(height);
}

function hasQuality(variant: OpenMeter, { meters, family }: PricedUnit): boolean {
  return meters.some((meter) => meter !== family && variant.startsWith(`${meter}_`));
}

function isOfFamily(meter: OpenMeter, family: OpenMeter): boolean {
  return meter === family || meter.startsWith(`${family}_`);
}
