/** Exact ratios, and prices multiplied by them. */

import { assert } from "../../assert.ts";
import { pico, type PicoUsd } from "../../money/money.ts";

/** 5/3 stays 5/3. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The product, rounded up to a whole pico-USD. */
export function scale(price: PicoUsd, { numerator, denominator }: Ratio): PicoUsd {
  assert(numerator >= 0n && denominator > 0n, "a price factor is not negative");
  return pico((price * numerator + denominator - 1n) / denominator);
}

/** The same ratio in lowest terms; 0/7 is 0/1. */
export function reduced({ numerator, denominator }: Ratio): Ratio {
  let [left, right] = [numerator, denominator];
  while (right !== 0n) [left, right] = [right, left % right];
  return { numerator: numerator / left, denominator: denominator / left };
}
