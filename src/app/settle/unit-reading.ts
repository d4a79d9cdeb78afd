/** Reads an answer that is billed by a unit other than tokens. */

import type { PriceSheet } from "../../domain/price/sheet.ts";
import { asBilled } from "../../domain/usage/billed-unit.ts";
import { chargesTokens, pricedUnits } from "../../domain/price/unit-price.ts";
import type { Provider } from "../port/provider.ts";
import type { Reading, RequestFacts } from "../../wire/wire.ts";

interface HeldByUnit {
  readonly route: { readonly provider: Pick<Provider, "leastUnits"> };
  readonly facts: RequestFacts;
  /** When it was held. Prices of this time apply. */
  readonly heldAt: number;
}

/**
 * The reading with the units as its usage: those that the answer reports, else those of the
 * request, which are an estimate unless they are exact; never fewer than the provider bills. A
 * variant without a price is an estimate too: it is charged as the dearest one.
 *
 * @returns undefined if the call is billed by tokens: the answer reports them, or the model has no
 *   price for the unit.
 */
export function readingByUnit(
  { route: { provider }, facts, heldAt }: HeldByUnit,
  reading: Reading,
  sheet: PriceSheet | undefined,
): Reading | undefined {
  const { unit: asked } = facts;
  const hasTokens = reading.parts.length > 0 && !reading.partial;
  if (!asked || !sheet || (hasTokens && chargesTokens(sheet, reading))) return undefined;
  // What was given is billed too, although the answer reports only what was made.
  const made = reading.unit && { ...reading.unit, also: reading.unit.also ?? asked.also ?? [] };
  const unit = asBilled(made ?? asked, provider.leastUnits);
  const { serviceTier, region } = reading;
  const units = pricedUnits(sheet, unit, { serviceTier, region, at: heldAt });
  if (!units) return undefined;
  const { partial: _, ...whole } = reading;
  const isKnown = (reading.unit !== undefined || asked.isExact) && !units.isBound;
  return {
    ...whole,
    parts: [{ model: null, usage: Object.fromEntries(units.counts) }],
    ...(!isKnown && { partial: true }),
  };
}
