/** Finds the meter that prices what a call is billed for, if that is not tokens. */

import { multiply, zero, type PicoUsd } from "../money/money.ts";
import type { BilledUnit } from "../usage/billed-unit.ts";
import type { OpenMeter } from "../usage/usage.ts";
import { unpricedSource } from "./row/rate.ts";
import type { PriceSheet } from "./sheet.ts";

/**
 * @param at Milliseconds since the epoch. Some prices apply at some hours only.
 * @returns The first of its meters with a price, else the dearest variant; undefined if the model
 *   has no price for any.
 */
export function unitMeter(
  sheet: PriceSheet,
  unit: Pick<BilledUnit, "meters" | "family">,
  at: number,
): OpenMeter | undefined {
  const priced = ratesAt(sheet, sheet.openMeters, at);
  const exact = unit.meters.find((meter) => priced.has(meter));
  if (exact !== undefined) return exact;
  const variants = [...priced].filter(([meter]) => isOfFamily(meter, unit.family));
  const [first, ...others] = variants;
  return first && others.reduce((most, next) => (next[1] > most[1] ? next : most), first)[0];
}

/**
 * The units of a call by the meters that price them, {@link BilledUnit.also} included.
 *
 * @returns undefined if the model has no price for the unit itself.
 */
export function pricedUnits(
  sheet: PriceSheet,
  unit: BilledUnit,
  at: number,
): ReadonlyMap<OpenMeter, number> | undefined {
  const meter = unitMeter(sheet, unit, at);
  if (meter === undefined) return undefined;
  const counts = new Map([[meter, unit.count]]);
  for (const added of unit.also ?? []) {
    const other = unitMeter(sheet, added, at);
    if (other !== undefined) counts.set(other, (counts.get(other) ?? 0) + added.count);
  }
  return counts;
}

/** What a number of units costs at a time, without a fee per request. */
export function unitCost(
  sheet: PriceSheet,
  { meter, count, at }: { readonly meter: OpenMeter; readonly count: number; readonly at: number },
): PicoUsd {
  return multiply(unitRate(sheet, meter, at) ?? zero, count);
}

/** Undefined without a price. */
function unitRate(sheet: PriceSheet, meter: OpenMeter, at: number): PicoUsd | undefined {
  const rate = sheet
    .charge({ model: null, usage: { [meter]: 1 } }, { serviceTier: "standard", at })
    .find((line) => line.meter === meter)?.rate;
  return rate?.source === unpricedSource ? undefined : rate?.perUnit;
}

/** The units that a model is billed by, if its tokens cost nothing; else empty. */
export function billedUnits(sheet: PriceSheet): readonly OpenMeter[] {
  return sheet.openMeters.length === 0 || chargesTokens(sheet) ? [] : sheet.openMeters;
}

/** What one of each of the {@link billedUnits} costs, those without a price at the time left out. */
export function unitPrices(sheet: PriceSheet, at: number): ReadonlyMap<OpenMeter, PicoUsd> {
  return ratesAt(sheet, billedUnits(sheet), at);
}

/** Leaves out meters without a price at the time. */
function ratesAt(
  sheet: PriceSheet,
  meters: readonly OpenMeter[],
  at: number,
): ReadonlyMap<OpenMeter, PicoUsd> {
  return new Map(
    meters.flatMap((meter) => {
      const rate = unitRate(sheet, meter, at);
      return rate === undefined ? [] : [[meter, rate] as const];
    }),
  );
}

/** A call whose price may be by its unit or in tokens. */
interface CallByUnit extends BilledUnit {
  /** Null if its answer never reports tokens. */
  readonly output: string | null;
}

/** Whether a call can be charged: by its unit, or by tokens, free ones included. */
export function pricesCall(sheet: PriceSheet, unit: CallByUnit, at: number): boolean {
  return (
    unitMeter(sheet, unit, at) !== undefined ||
    (chargesTokens(sheet) ? unit.output !== null : sheet.openMeters.length === 0)
  );
}

/** Whether tokens cost anything. A price in units alone states them as zero. */
export function chargesTokens(sheet: PriceSheet): boolean {
  const rates = sheet.dearest({ inputTokens: 0, cacheWrite: "none", serviceTier: "standard" });
  return rates.input > zero || rates.output > zero;
}

function isOfFamily(meter: OpenMeter, family: OpenMeter): boolean {
  return meter === family || meter.startsWith(`${family}_`);
}
