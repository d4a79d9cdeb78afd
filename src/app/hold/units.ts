/** Bounds the cost of a call that is billed by units other than tokens. */

import { zero, add, type PicoUsd } from "../../domain/money/money.ts";
import { unpricedSource } from "../../domain/price/rate.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import type { RequestFacts } from "../../wire/wire.ts";

/** A price with rates for tokens is by tokens; one where both are zero is by units. */
export function isBilledByUnits(sheet: PriceSheet, facts: RequestFacts): boolean {
  const { serviceTier, region } = facts;
  const rates = sheet.dearest({ inputTokens: 0, cacheWrite: "none", serviceTier, region });
  return rates.input === zero && rates.output === zero;
}

interface UnitsToPrice {
  readonly facts: RequestFacts;
  readonly units: NonNullable<RequestFacts["units"]>;
  readonly at: number;
}

/** @returns Null if a unit has no price: the call is unpriced. */
export function costOfUnits(sheet: PriceSheet, { facts, units, at }: UnitsToPrice): PicoUsd | null {
  const { serviceTier, region } = facts;
  const lines = sheet.charge({ model: null, usage: units }, { serviceTier, region, at });
  if (lines.some(({ rate }) => rate?.source === unpricedSource)) return null;
  return lines.reduce((sum, { cost }) => add(sum, cost), zero);
}
