/** Reads amounts of money in requests. */

import { PurserError } from "../domain/error.ts";
import { decimalText } from "../domain/input/scalar.ts";
import { mostPerCall, parseUsd, type PicoUsd } from "../domain/money/money.ts";

/**
 * Reads an amount that a call can hold or cost.
 *
 * @throws PurserError `invalid_request` for an amount that is negative or too large.
 */
export function readUsd(value: string | number, field: string): PicoUsd {
  const amount = parseUsd(decimalText(value, field), field);
  if (amount >= 0n && amount <= mostPerCall) return amount;
  throw new PurserError("invalid_request", `${field}: out of range`, {
    field,
    remedy: "Give an amount in USD, from 0 to 9223372.",
  });
}
