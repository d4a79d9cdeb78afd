/** Parses a provider's own USD figure exactly from its text. */

import { mostPerCall, pico, type PicoUsd } from "../../domain/money/money.ts";

const picoDigits = 12;

/**
 * @param text A JSON number: providers write `0.00423825`, `4.25e-06`, and float noise
 *   (`0.00009900000000000001`).
 * @param scale Decimal places to move to the left: 10 for xAI's ticks of 10^-10 USD.
 * @returns Rounded half up to a pico-USD; null if it is not a number, is negative, or exceeds the
 *   maximum cost of a call.
 */
export function parseReportedUsd(text: string, scale = 0): PicoUsd | null {
  const match = /^(\d{1,40})(?:\.(\d{1,60}))?(?:e([+-]?\d{1,3}))?$/i.exec(text);
  if (!match) return null;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const shift = picoDigits + Number(exponent) - fraction.length - scale;
  if (Math.abs(shift) > 200) return /[1-9]/.test(whole + fraction) && shift > 0 ? null : pico(0n);
  const digits = BigInt(whole + fraction);
  const amount =
    shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift));
  return amount > mostPerCall ? null : pico(amount);
}

function divideRounded(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor / 2n) / divisor;
}
