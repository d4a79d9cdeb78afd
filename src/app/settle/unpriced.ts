/** Identifies calls with counts that have no known price. They cost 0, but are not free. */

import type { Outcome } from "../../domain/ledger/entry.ts";
import { ceilingSource } from "../../domain/price/row/rate.ts";

/**
 * Whether tokens or units of a call were charged 0 because neither the price book, a budget's rates
 * nor the provider had a figure.
 */
export function lacksPrice({ flags, charges }: Pick<Outcome, "flags" | "charges">): boolean {
  return (
    flags.includes("unpriced") &&
    charges.every(({ rate }) => rate !== undefined && rate.source !== ceilingSource)
  );
}
