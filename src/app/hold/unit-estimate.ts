/** Bounds the cost of a call that is billed by a unit other than tokens. */

import { add, zero } from "../../domain/money/money.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { chargesTokens, unitCost, unitMeter } from "../../domain/price/unit-price.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { Estimate } from "./estimate.ts";

/**
 * Adds the cost of the units to the fees of the estimate. Tokens are held too only if they have a
 * price: the answer then decides which of the two is billed.
 */
export function withUnit(
  estimate: Estimate,
  {
    facts: { unit },
    sheet,
    at,
  }: {
    readonly facts: Pick<RequestFacts, "unit">;
    readonly sheet: PriceSheet | undefined;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Estimate {
  if (!unit || !sheet) return estimate;
  const meter = unitMeter(sheet, unit, at);
  if (meter === undefined) return estimate;
  const cost = unitCost(sheet, { meter, count: unit.count, at });
  const held = { ...estimate, fees: add(estimate.fees, cost) };
  return chargesTokens(sheet) ? held : { ...held, ...noTokens };
}

const noTokens = {
  inputTokens: 0,
  ceiling: 0,
  firstSlice: 0,
  least: 0,
  unknownInput: 0,
  rates: { input: zero, output: zero },
};
