/** A price set over the API, as the ledger has it: since when it applies, and until when. */

import type { PriceOverride } from "./override.ts";

export interface KeptPrice extends PriceOverride {
  /** Unique in its ledger. */
  readonly priceId: string;
  /** In milliseconds since the epoch. */
  readonly setAt: number;
  /** When it was removed: it ends then. Null if it was not. */
  readonly removedAt: number | null;
}

/** The id of the price that is set after `count` others. */
export function priceIdAfter(count: number): string {
  return `price_${count + 1}`;
}

/**
 * The prices with the validity that they have in the ledger, in the same order. Without
 * `valid_from`, a price begins when it was set, so calls in flight keep theirs; a removed one ends
 * when it was removed. A price that is never valid is left out.
 */
export function overridesOf(prices: readonly KeptPrice[]): readonly PriceOverride[] {
  return prices.flatMap((price) => {
    const { row, source, setAt } = price;
    const from = row.valid_from ?? instant(setAt);
    const to = endOf(price);
    if (to !== undefined && Date.parse(to) <= Date.parse(from)) return [];
    return [
      { row: { ...row, valid_from: from, ...(to !== undefined && { valid_to: to }) }, source },
    ];
  });
}

/** When prices were last set or removed, in milliseconds since the epoch. */
export function lastSetOf(prices: readonly KeptPrice[]): number {
  return prices.reduce(
    (last, { setAt, removedAt }) => Math.max(last, setAt, removedAt ?? setAt),
    -Infinity,
  );
}

/** Its `valid_to`, or when it was removed if that is earlier; undefined for no end. */
export function endOf({ row, removedAt }: KeptPrice): string | undefined {
  const { valid_to: stated } = row;
  if (removedAt === null) return stated;
  const isEnded = stated !== undefined && Date.parse(stated) <= removedAt;
  return isEnded ? stated : instant(removedAt);
}

/** As rows are formatted. */
function instant(at: number): string {
  return new Date(at).toISOString();
}
