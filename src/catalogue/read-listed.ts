/**
 * Reads rows of the built-in list. Its files were validated when they were built, so rows are only
 * converted here, in a tenth of the time of a full parse.
 */

import { pico, type PicoUsd } from "../domain/money/money.ts";
import type { IdRule } from "../domain/price/id/id-rule.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import { meterFields, type RatesText } from "../domain/price/text/rates-text.ts";
import { parseRow, usualCacheWrites } from "../domain/price/text/row-text.ts";
import type { CatalogueRow, ContextTier, Rates, TermPrice } from "../domain/price/row/row.ts";
import { parseRatio, type TermText } from "../domain/price/text/term-text.ts";
import type { ContextTierText } from "../domain/price/text/tier-text.ts";
import type { ListedRow } from "./listed-row.ts";

/** Whose row it is, and the version of each source. */
export interface ListedOptions {
  readonly provider: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function readListed(listed: ListedRow, { provider, versions }: ListedOptions): CatalogueRow {
  const { source, also = [], starts_with: starts = [], contains = [], ...text } = listed;
  const { model, aliases = [], context_tiers, service_tiers, regions, valid_from, valid_to } = text;
  const rates = readRates(text);
  const version = versions[source] ?? "";
  return {
    provider,
    model,
    ids: ruleOf([model, ...aliases], starts, contains),
    ...(valid_from !== undefined && { validFrom: Date.parse(valid_from) }),
    ...(valid_to !== undefined && { validTo: Date.parse(valid_to) }),
    rates,
    ...(context_tiers && { contextTiers: context_tiers.map(readTier) }),
    // Few rows have hours.
    ...(text.hours && {
      schedules: parseRow({ provider, ...text }, { field: model, source }).schedules ?? [],
    }),
    ...(service_tiers && { serviceTiers: readTerms(service_tiers) }),
    ...(regions !== undefined && {
      regions: regions === "included" ? regions : readTerms(regions),
    }),
    ...(also.length > 0 && {
      supplements: also.map(({ source: other, ...more }) => ({
        rates: readRates(more),
        source: other,
        version: versions[other] ?? "",
      })),
    }),
    cacheWrites: text.cache_writes ?? usualCacheWrites(rates),
    ...(text.context_window !== undefined && { contextWindow: text.context_window }),
    ...(text.max_output_tokens !== undefined && { maxOutputTokens: text.max_output_tokens }),
    source,
    version,
  };
}

function readRates(text: RatesText): Rates {
  const rates: { [meter in PricedMeter]?: PicoUsd } = {};
  for (const meter of meterFields) {
    const price = text[meter];
    if (price !== undefined) rates[meter] = amount(price, countsTokens(meter) ? 6 : 12);
  }
  for (const [name, price] of Object.entries(text.meters ?? {}))
    rates[name as PricedMeter] = amount(price, 12);
  return rates;
}

/** A decimal as a whole number of its last decimal place. */
function amount(text: string, decimals: number): PicoUsd {
  const point = text.indexOf(".");
  const whole = point < 0 ? text : text.slice(0, point);
  const fraction = point < 0 ? "" : text.slice(point + 1);
  return pico(BigInt(whole + fraction.padEnd(decimals, "0")));
}

function readTier({ above, from, ...rates }: ContextTierText): ContextTier {
  return { tokens: above ?? from ?? 0, inclusive: from !== undefined, rates: readRates(rates) };
}

function readTerms(terms: Readonly<Record<string, TermText>>): Readonly<Record<string, TermPrice>> {
  return Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, readTerm(term)]));
}

function readTerm(term: TermText): TermPrice {
  if ("factor" in term) {
    const ratio = parseRatio(term.factor, "factor");
    return term.without ? { ...ratio, without: term.without } : ratio;
  }
  const { context_tiers, ...rates } = term;
  return {
    rates: readRates(rates),
    ...(context_tiers && { contextTiers: context_tiers.map(readTier) }),
  };
}

function ruleOf(
  names: readonly string[],
  starts: readonly string[],
  contains: readonly string[],
): IdRule {
  return {
    any: [
      ...names.map((name) => ({ equals: name })),
      ...starts.map((text) => ({ startsWith: text })),
      ...contains.map((text) => ({ contains: text })),
    ],
  };
}
