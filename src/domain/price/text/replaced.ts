/** Finds prices that other prices of the same model take the place of. */

import { listedName } from "../id/provider-name.ts";
import { overridesOf, type KeptPrice } from "./kept-price.ts";
import type { PriceOverride } from "./override.ts";

/** A price of the configuration, and one set over the API that takes precedence. */
export interface ReplacedPrice {
  readonly declared: PriceOverride;
  readonly by: KeptPrice;
}

/** Whether a later price leaves no time in which the earlier one applies. */
export function replacesWholly(later: PriceOverride, earlier: PriceOverride): boolean {
  return (
    isOfSameModel(later, earlier) &&
    startOf(later) <= startOf(earlier) &&
    endOf(later) >= endOf(earlier)
  );
}

/**
 * @param at Milliseconds since the epoch: prices that ended before are left out.
 * @returns Each declared price in use that prices over the API replace, for some time at least, with
 *   the latest of them.
 */
export function replacedByApi(
  declared: readonly PriceOverride[],
  prices: readonly KeptPrice[],
  at: number,
): readonly ReplacedPrice[] {
  const used = declared.filter(
    (price, index) => !declared.slice(index + 1).some((later) => replacesWholly(later, price)),
  );
  return used.flatMap((price): readonly ReplacedPrice[] => {
    const by = prices.findLast((kept) =>
      overridesOf([kept]).some(
        (valid) => isOfSameModel(valid, price) && overlap(valid, price) && endOf(valid) > at,
      ),
    );
    return by && endOf(price) > at ? [{ declared: price, by }] : [];
  });
}

/** Names and prefixes alike; a name takes precedence over a prefix, whichever is later. */
function isOfSameModel({ row: left }: PriceOverride, { row: right }: PriceOverride): boolean {
  return (
    listedName(left.provider) === listedName(right.provider) &&
    left.model.toLowerCase() === right.model.toLowerCase()
  );
}

function overlap(left: PriceOverride, right: PriceOverride): boolean {
  return startOf(left) < endOf(right) && startOf(right) < endOf(left);
}

function startOf({ row }: PriceOverride): number {
  return row.valid_from === undefined ? -Infinity : Date.parse(row.valid_from);
}

function endOf({ row }: PriceOverride): number {
  return row.valid_to === undefined ? Infinity : Date.parse(row.valid_to);
}
