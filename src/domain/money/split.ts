/** Splits an amount of money by weights, exactly. */

import { assert } from "../assert.ts";
import { pico, type PicoUsd } from "./money.ts";

/**
 * The parts add up to the amount: what rounding down leaves over goes to the largest remainders,
 * the first of equal ones.
 *
 * @param amount At least zero.
 * @param weights At least zero; their sum is above zero.
 */
export function split(amount: PicoUsd, weights: readonly bigint[]): readonly PicoUsd[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  assert(sum > 0n && amount >= 0n, "there is something to split by");
  const exact = weights.map((weight, index) => {
    const scaled: bigint = amount * weight;
    return { index, part: scaled / sum, rest: scaled % sum };
  });
  const left = amount - exact.reduce((total, { part }) => total + part, 0n);
  const first = exact
    .toSorted((one, other) => (one.rest < other.rest ? 1 : one.rest > other.rest ? -1 : 0))
    .slice(0, Number(left));
  const raised = new Set(first.map(({ index }) => index));
  return exact.map(({ part, index }) => pico(raised.has(index) ? part + 1n : part));
}
