/** Prints the window of a budget. */

import type { WindowJson } from "../contract/value.ts";
import { formatInstant } from "../domain/input/scalar.ts";

/** A budget without a start counts from the epoch on; it is printed as null. */
export function windowJson({
  start,
  end,
}: {
  readonly start: number;
  readonly end: number | null;
}): WindowJson {
  return {
    start: start === 0 ? null : formatInstant(start),
    end: end === null ? null : formatInstant(end),
  };
}
