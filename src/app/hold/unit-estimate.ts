/** Bounds the cost of a call that is billed by a unit other than tokens. */

import { add, zero } from "../../domain/money/money.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { chargesTokens, pricedUnits, unitCost } from "../../domain/price/unit-price.ts";
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
  const units = pricedUnits(sheet, unit, at);
  if (!units) return estimate;
  const costs = [...units].map(([meter, count]) => unitCost(sheet, { meter, count, at }));
  const held = { ...estimate, fees: costs.reduce(add, estimate.fees) };
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
