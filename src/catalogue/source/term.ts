/** Writes the rates of a service tier or region as a factor where they are one. */

import { countsTokens, type PricedMeter } from "../../domain/price/row/rate.ts";
import { reduced } from "../../domain/price/row/ratio.ts";
import type {
  CatalogueRow,
  ContextTier,
  OwnRates,
  Rates,
  TermPrice,
} from "../../domain/price/row/row.ts";

/**
 * A factor if it gives every stated rate of the term exactly, at every context size, and the term
 * leaves out no token meter of the row; else the rates themselves.
 */
export function simplerTerm(row: CatalogueRow, own: OwnRates): TermPrice {
  const { input } = row.rates;
  const stated = own.rates.input;
  if (input === undefined || stated === undefined || input === 0n) return own;
  const factor = reduced({ numerator: stated, denominator: input });
  const isScaled = (standard: Rates, under: Rates): boolean => {
    const meters = new Set([...Object.keys(standard), ...Object.keys(under)] as PricedMeter[]);
    return [...meters].every((meter) => {
      if (!countsTokens(meter)) return true;
      const [plain, scaled] = [standard[meter], under[meter]];
      if (plain === undefined || scaled === undefined) return false;
      return plain * factor.numerator === scaled * factor.denominator;
    });
  };
  const tiers = row.contextTiers ?? [];
  const ownTiers = own.contextTiers ?? [];
  const tierAt = ({ tokens }: ContextTier): Rates | undefined =>
    ownTiers.find((tier) => tier.tokens === tokens)?.rates;
  const isFactor =
    isScaled(row.rates, own.rates) &&
    ownTiers.length === tiers.length &&
    tiers.every((tier) => isScaled(tier.rates, tierAt(tier) ?? {}));
  return isFactor ? factor : own;
}
