/** Looks up the price sheet of a model, by the configured name of its provider. */

import type { PriceQuestion } from "../../domain/price/served.ts";
import type { PriceBook, PriceSheet } from "../../domain/price/sheet.ts";

export interface PricingContext {
  prices(): PriceBook;
  /** Whether the cost that a provider reports is the amount billed. */
  reportsBilledCost(provider: string): boolean;
}

/** @returns undefined for a model without a price. */
export function lookUpPrice(
  context: PricingContext,
  { provider, model, at }: PriceQuestion,
): PriceSheet | undefined {
  return context.prices().sheet({ provider, model, at });
}
