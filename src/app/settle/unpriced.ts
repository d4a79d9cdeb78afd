/** Calls that no price was known for: they are counted as nothing, and are not free. */

import type { Outcome } from "../../domain/ledger/entry.ts";

/** Whether tokens of a call were counted as nothing: neither the book, nor a budget's stated rates, nor the provider itself had a figure for them. */
export function lacksPrice({ flags, charges }: Pick<Outcome, "flags" | "charges">): boolean {
  return flags.includes("unpriced") && charges.every(({ rate }) => rate !== undefined);
}
