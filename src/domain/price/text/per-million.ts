/** Converts prices between the usual USD per million tokens and whole pico-USD per token. */

import { PurserError } from "../../error.ts";
import { formatUsd, parseUsd, pico, type PicoUsd } from "../../money/money.ts";

const million = 1_000_000n;

/** No model has ever cost a hundredth of this. */
const mostUsdPerMillion = parseUsd("1000000");
const mostUsdPerCall = parseUsd("1000");
/** A unit may be a month of a machine. */
export const mostUsdPerUnit = parseUsd("1000000");

/**
 * Parses USD per million tokens, such as `"0.15"`, as pico-USD per token.
 *
 * @param field Named in the error.
 * @throws PurserError `invalid_request` if it is not a plain decimal, is negative, has more than 6
 *   decimals (a fraction of a pico-USD per token) or is above 1,000,000.
 */
export function parsePerMillion(text: string, field: string): PicoUsd {
  const price = parsePrice(text, field);
  if (price > mostUsdPerMillion) {
    throw refused(
      field,
      `${field}: ${text} USD per million is above 1,000,000`,
      "Is this per token instead of per million? Write USD per million tokens.",
    );
  }
  if (price % million !== 0n) {
    throw refused(
      field,
      `${field}: "${text}" has more than 6 decimals`,
      "Give USD per million tokens with at most 6 decimals.",
    );
  }
  return pico(price / million);
}

/**
 * Parses USD per call, such as `"0.01"`, as pico-USD.
 *
 * @throws PurserError `invalid_request` if it is not a plain decimal, is negative, has more than 12
 *   decimals or is above 1,000.
 */
export function parsePerCall(text: string, field: string): PicoUsd {
  return parseUpTo({ most: mostUsdPerCall, what: "call" }, text, field);
}

/**
 * Parses USD per unit of a meter by name, such as `"0.05"` per page, as pico-USD.
 *
 * @throws PurserError `invalid_request` if it is not a plain decimal, is negative, has more than 12
 *   decimals or is above 1,000,000.
 */
export function parsePerUnit(text: string, field: string): PicoUsd {
  return parseUpTo({ most: mostUsdPerUnit, what: "unit" }, text, field);
}

function parseUpTo(
  { most, what }: { readonly most: PicoUsd; readonly what: "call" | "unit" },
  text: string,
  field: string,
): PicoUsd {
  const price = parsePrice(text, field);
  if (price <= most) return price;
  const bound = Number(formatUsd(most)).toLocaleString("en-US");
  throw refused(
    field,
    `${field}: ${text} USD per ${what} is above ${bound}`,
    `Write USD per ${what}, not per thousand or million ${what}s.`,
  );
}

/**
 * Parses USD per million calls, the unit in which fees of overrides are stored: 0.01 per call is
 * `"10000"`.
 *
 * @throws PurserError as {@link parsePerMillion}.
 */
export function parsePerMillionCalls(text: string, field: string): PicoUsd {
  const price = parsePrice(text, field);
  if (price % million !== 0n) {
    throw refused(
      field,
      `${field}: "${text}" has more than 6 decimals`,
      "Give USD per million calls with at most 6 decimals.",
    );
  }
  return pico(price / million);
}

/** USD per million units, the shortest exact decimal: `0.15`. */
export function formatPerMillion(perUnit: PicoUsd): string {
  return formatUsd(pico(perUnit * million));
}

function parsePrice(text: string, field: string): PicoUsd {
  const price = parseUsd(text, field);
  if (price < 0n) throw refused(field, `${field}: a price is not negative`, "Give 0 or more.");
  return price;
}

function refused(field: string, message: string, remedy: string): PurserError {
  return new PurserError("invalid_request", message, { field, remedy });
}
