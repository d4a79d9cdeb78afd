/** Bounds the cost of units other than tokens: of calls billed by them, and of images in chats. */

import { add, zero } from "../../domain/money/money.ts";
import type { PriceSheet } from "../../domain/price/sheet.ts";
import { givenImageCost } from "../../domain/price/given-images.ts";
import { chargesTokens, unitBound } from "../../domain/price/unit-price.ts";
import { asBilled } from "../../domain/usage/billed-unit.ts";
import type { RequestFacts } from "../../wire/wire.ts";
import type { Provider } from "../port/provider.ts";
import type { Estimate } from "./estimate.ts";

interface CallByUnit {
  readonly facts: Pick<RequestFacts, "unit" | "media" | "serviceTier" | "region">;
  readonly sheet: PriceSheet | undefined;
  readonly provider: Pick<Provider, "leastUnits">;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Adds the cost of the units to the fees of the estimate. Tokens are held too only if they have a
 * price: the answer then decides which of the two is billed.
 */
export function withUnit(estimate: Estimate, { facts, sheet, provider, at }: CallByUnit): Estimate {
  const { unit, serviceTier, region } = facts;
  const query = { serviceTier, region, at };
  if (!sheet) return estimate;
  if (!unit) {
    const images = givenImageCost(sheet, facts.media.images, query);
    return images === zero ? estimate : { ...estimate, fees: add(estimate.fees, images) };
  }
  const most = unitBound(sheet, asBilled(unit, provider.leastUnits), query);
  if (most === undefined) return estimate;
  const held = { ...estimate, fees: add(estimate.fees, most) };
  return chargesTokens(sheet, query) ? held : { ...held, ...noTokens };
}

const noTokens = {
  inputTokens: 0,
  ceiling: 0,
  firstSlice: 0,
  least: 0,
  unknownInput: 0,
  rates: { input: zero, output: zero },
};
