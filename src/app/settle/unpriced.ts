/** Identifies calls whose tokens have no known price. They are counted as 0, but are not free. */

import type { Outcome } from "../../domain/ledger/entry.ts";

/**
 * Whether tokens of a call were counted as 0 because neither the price book, a budget's rates nor
 * the provider had a figure.
 */
export function lacksPrice({ flags, charges }: Pick<Outcome, "flags" | "charges">): boolean {
  return flags.includes("unpriced") && charges.every(({ rate }) => rate !== undefined);
}
