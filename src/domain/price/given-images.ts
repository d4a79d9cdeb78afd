/** Images in a chat with a model that charges for each, besides tokens. */

import type { BilledUnit } from "../usage/billed-unit.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { Usage } from "../usage/usage.ts";
import { zero, type PicoUsd } from "../money/money.ts";
import type { ChargeOptions, PriceSheet } from "./sheet.ts";
import { unitBound, type UnitQuery } from "./unit-price.ts";

const meter = openMeter("input_images");

/** @returns undefined if the model has no price for a given image under the terms. */
export function givenImages(
  sheet: PriceSheet | undefined,
  count: number,
  terms: ChargeOptions,
): BilledUnit | undefined {
  const isPriced = count > 0 && sheet?.unitRates(terms).has(meter) === true;
  return isPriced ? imageUnit(count) : undefined;
}

/** The most that they can cost. */
export function givenImageCost(
  sheet: PriceSheet | undefined,
  count: number,
  query: UnitQuery,
): PicoUsd {
  if (!sheet || count === 0) return zero;
  return unitBound(sheet, imageUnit(count), query) ?? zero;
}

function imageUnit(count: number): BilledUnit {
  return { meters: [meter], family: meter, count };
}

/** A usage with the images that were given: providers do not report them. */
export function withGivenImages(usage: Usage, { count }: BilledUnit): Usage {
  return { ...usage, [meter]: count };
}
