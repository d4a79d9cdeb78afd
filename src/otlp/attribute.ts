/** Reads attributes under the first of several names: conventions differ by library and version. */

import type { Attributes } from "../app/port/telemetry.ts";
import { invalid, show } from "../domain/input/fields.ts";

/** @returns The first text that is not empty. */
export function textOf(attributes: Attributes, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = attributes.get(name);
    if (text !== undefined) return text;
  }
  return undefined;
}

/**
 * @returns The first number. Some libraries write numbers as text, and an unknown one as NaN.
 * @throws PurserError `invalid_request` for a value that is not a number, or is negative.
 */
export function numberOf(attributes: Attributes, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = attributes.get(name);
    if (value === undefined || value === "NaN") continue;
    const number = Number(value);
    if (Number.isFinite(number) && number >= 0) return number;
    throw invalid(name, `is ${show(value)}`, "Send a number that is not negative.");
  }
  return undefined;
}

/** @throws PurserError `invalid_request` for a value that is not a whole number of tokens. */
export function countOf(attributes: Attributes, names: readonly string[]): number | undefined {
  const count = numberOf(attributes, names);
  if (count === undefined || (Number.isSafeInteger(count) && count <= mostTokens)) return count;
  const name = names.find((one) => Number(attributes.get(one)) === count) ?? "";
  throw invalid(name, `is ${count}`, `Send a whole number up to ${mostTokens}.`);
}

/** More is a mistake. */
const mostTokens = 1_000_000_000_000;
