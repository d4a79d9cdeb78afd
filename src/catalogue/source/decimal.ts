/**
 * Reads published prices, which may be written with exponents and float noise, as exact amounts.
 */

import { pico, type PicoUsd } from "../../domain/money/money.ts";
import { reduced, type Ratio } from "../../domain/price/row/ratio.ts";
import type { ExactJson } from "./exact-json.ts";

/** Published floats such as `0.18000000000000002` mean their first 12 digits. */
const significantDigits = 12;
const picoDecimals = 12;

/**
 * Parses USD per `per` units as pico-USD per unit. A price that is not a whole pico-USD per unit is
 * rounded up, never understated.
 *
 * @returns Undefined if the value is not a number that is zero or more.
 */
export function perUnit(value: ExactJson | undefined, per = 1n): PicoUsd | undefined {
  const price = parseDecimal(value);
  if (!price) return undefined;
  const shift = price.exponent + picoDecimals;
  const numerator = shift >= 0 ? price.digits * 10n ** BigInt(shift) : price.digits;
  const denominator = per * (shift >= 0 ? 1n : 10n ** BigInt(-shift));
  return pico((numerator + denominator - 1n) / denominator);
}

/** The price of two kinds that share a meter. */
export function dearer(left: PicoUsd | undefined, right: PicoUsd): PicoUsd {
  return left !== undefined && left > right ? left : right;
}

/** Why an entry is skipped whose price {@link perUnit} cannot read. */
export function notPrice(field: string): string {
  return `has a price that is not a number of 0 or more, ${field}`;
}

/** Parses a factor such as `1.1`, exactly. */
export function ratioOf(value: ExactJson | undefined): Ratio | undefined {
  const factor = parseDecimal(value);
  if (!factor || factor.exponent > 0) return undefined;
  return reduced({ numerator: factor.digits, denominator: 10n ** BigInt(-factor.exponent) });
}

/** `digits × 10^exponent`. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function parseDecimal(value: ExactJson | undefined): Decimal | undefined {
  const match =
    typeof value === "string"
      ? /^(\d{1,30})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(value)
      : null;
  if (!match) return undefined;
  const [, whole = "", fraction = "", power = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  const exponent = Number(power) - fraction.length;
  const extra = digits.length - significantDigits;
  if (extra <= 0) return { digits: BigInt(digits || "0"), exponent };
  const half = 10n ** BigInt(extra) / 2n;
  return { digits: (BigInt(digits) + half) / 10n ** BigInt(extra), exponent: exponent + extra };
}
