/** Images in a chat with a model that charges for each, besides tokens. */

import type { BilledUnit } from "../usage/billed-unit.ts";
import { openMeter } from "../usage/open-meter.ts";
import type { Usage } from "../usage/usage.ts";
import { zero, type PicoUsd } from "../money/money.ts";
import type { PriceSheet } from "./sheet.ts";
import { unitBound, type UnitQuery } from "./unit-price.ts";

const meter = openMeter("input_images");

/** @returns undefined if the model has no price for a given image. */
export function givenImages(
  sheet: Pick<PriceSheet, "openMeters"> | undefined,
  count: number,
): BilledUnit | undefined {
  const isPriced = count > 0 && sheet?.openMeters.includes(meter) === true;
  return isPriced ? { meters: [meter], family: meter, count } : undefined;
}

/** The most that they can cost. */
export function givenImageCost(
  sheet: PriceSheet | undefined,
  count: number,
  query: UnitQuery,
): PicoUsd {
  const images = givenImages(sheet, count);
  return (sheet && images && unitBound(sheet, images, query)) ?? zero;
}

/** A usage with the images that were given: providers do not report them. */
export function withGivenImages(usage: Usage, { count }: BilledUnit): Usage {
  return { ...usage, [meter]: count };
}
