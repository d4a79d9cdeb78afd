/**
 * Money as integer pico-USD (10^-12 USD), a unit in which every price per token is a whole number.
 */

import { PurserError } from "../error.ts";
import { shorten } from "../input/shorten.ts";

declare const unit: unique symbol;

/**
 * An amount of pico-USD. Only this file creates one from a number, so tokens and money cannot be
 * mixed up.
 */
export type PicoUsd = bigint & { readonly [unit]: "pico-USD" };

export const zero = 0n as PicoUsd;

/**
 * The maximum hold or cost of a call: about 9,223,372 USD, the maximum of a signed 64-bit integer.
 */
export const mostPerCall = ((1n << 63n) - 1n) as PicoUsd;

const picoPerUsd = 1_000_000_000_000n;
const decimals = 12;

/** @param amount Whole pico-USD. */
export function pico(amount: bigint): PicoUsd {
  return amount as PicoUsd;
}

export function add(left: PicoUsd, right: PicoUsd): PicoUsd {
  return (left + right) as PicoUsd;
}

export function subtract(left: PicoUsd, right: PicoUsd): PicoUsd {
  return (left - right) as PicoUsd;
}

/** @param quantity A whole number of units, such as tokens. */
export function multiply(rate: PicoUsd, quantity: number): PicoUsd {
  return (rate * BigInt(quantity)) as PicoUsd;
}

/** To the nearest unit, a half away from zero. @param parts At least 1. */
export function divide(amount: bigint, parts: bigint): bigint {
  const half = amount < 0n ? -parts : parts;
  return (amount * 2n + half) / (parts * 2n);
}

/** `part ÷ whole` as a number, whatever their size; null if the whole is 0. */
export function ratioOf(part: bigint, whole: bigint): number | null {
  if (whole === 0n) return null;
  // A number reaches 2^1023.
  const excess = BigInt(Math.max(0, bitsOf(part) - 1000, bitsOf(whole) - 1000));
  return Number(part >> excess) / Number(whole >> excess);
}

function bitsOf(amount: bigint): number {
  return amount.toString(16).length * 4;
}

/**
 * Parses a decimal string such as `"1.50"` exactly.
 *
 * @param field Named in the error.
 * @throws PurserError `invalid_request` if the text is not a plain decimal or has more than 12
 *   decimals.
 */
export function parseUsd(text: string, field = "amount"): PicoUsd {
  const match = /^(-?)(\d{1,30})(?:\.(\d+))?$/.exec(text);
  if (!match) throw notDecimal(text, field);
  const [, sign, whole = "0", fraction = ""] = match;
  const significant = fraction.replace(/0+$/, "");
  if (significant.length > decimals) {
    throw new PurserError(
      "invalid_request",
      `${field}: "${shorten(text, 40)}" has more than ${decimals} decimals`,
      {
        field,
        remedy: `Give at most ${decimals} decimals (pico-USD).`,
      },
    );
  }
  const amount = BigInt(whole) * picoPerUsd + BigInt(significant.padEnd(decimals, "0"));
  return (sign === "-" ? -amount : amount) as PicoUsd;
}

/** The shortest exact decimal string in USD: `0.021`, `0`, `-1.5`. Never an exponent. */
export function formatUsd(amount: PicoUsd): string {
  const negative = amount < 0n;
  const absolute: bigint = negative ? 0n - amount : amount;
  const digits = absolute.toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  let end = digits.length;
  while (end > point && digits[end - 1] === "0") end--;
  const fraction = end > point ? `.${digits.slice(point, end)}` : "";
  return `${negative ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}

/** For charts and JSON numbers only; never sum the result. */
export function toNumber(amount: PicoUsd): number {
  return Number(formatUsd(amount));
}

function notDecimal(text: string, field: string): PurserError {
  return new PurserError(
    "invalid_request",
    `${field}: "${shorten(text, 40)}" is not an amount of money`,
    {
      field,
      remedy: 'Write USD as a plain decimal string, such as "1.50".',
    },
  );
}
