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
 * @returns The first of its meters with a price under the terms, else the dearest variant;
 *   undefined if the model has no price for any.
 */
export function unitMeter(
  sheet: PriceSheet,
  unit: PricedUnit,
  terms: ChargeOptions,
): OpenMeter | undefined {
  return pricedMeter(unit, sheet.unitRates(terms))?.[0];
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
): ReadonlyMap<OpenMeter, number> | undefined {
  const rates = sheet.unitRates(terms);
  const own = pricedMeter(unit, rates);
  if (!own) return undefined;
  const counts = new Map([[own[0], unit.count]]);
  for (const added of unit.also ?? []) {
    const other = pricedMeter(added, rates)?.[0];
    if (other !== undefined) counts.set(other, (counts.get(other) ?? 0) + added.count);
  }
  return counts;
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
    return units ? [costOf(units, sheet.unitRates(terms))] : [];
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

type PricedMeter = readonly [meter: OpenMeter, perUnit: PicoUsd];

function costOf(
  units: ReadonlyMap<OpenMeter, number>,
  rates: ReadonlyMap<OpenMeter, PicoUsd>,
): PicoUsd {
  let cost = zero;
  for (const [meter, count] of units) cost = add(cost, multiply(rates.get(meter) ?? zero, count));
  return cost;
}

function pricedMeter(
  { meters, family }: PricedUnit,
  rates: ReadonlyMap<OpenMeter, PicoUsd>,
): PricedMeter | undefined {
  for (const meter of meters) {
    const perUnit = rates.get(meter);
    if (perUnit !== undefined) return [meter, perUnit];
  }
  let dearest: PricedMeter | undefined;
  for (const priced of rates)
    if (isOfFamily(priced[0], family) && (!dearest || priced[1] > dearest[1])) dearest = priced;
  return dearest;
}

function isOfFamily(meter: OpenMeter, family: OpenMeter): boolean {
  return meter === family || meter.startsWith(`${family}_`);
}
