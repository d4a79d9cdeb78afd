/** The prices of Bedrock's ids that name no place. */

import { pico, type PicoUsd } from "../domain/money/money.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import { scale, type Ratio } from "../domain/price/row/ratio.ts";
import type { CatalogueRow, Rates, TermPrice } from "../domain/price/row/row.ts";
import { isFactor } from "../domain/price/row/terms.ts";

/** Claude 4.5 and later: `anthropic.claude-sonnet-4-5-20250929-v1:0`, `anthropic.claude-opus-5`. */
const sinceClaude45 = /^anthropic\.claude-[a-z]+-(?:4-(?:[5-9]|\d\d)(?!\d)|(?:[5-9]|\d\d)(?!\d))/;

const tenth: Ratio = { numerator: 11n, denominator: 10n };

/**
 * An id without `global.` is served in a region, for 10 % more from Claude 4.5 on
 * (https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11). A list may have the
 * global price for it, which is the one that AWS names first: it becomes the regional one.
 *
 * @param rows Of all ids: that of the `global.` id shows whether a row has its price.
 * @param known Rows with the `global.` ids that the others lack.
 */
export function inRegion(
  rows: readonly CatalogueRow[],
  known: readonly CatalogueRow[] = [],
): readonly CatalogueRow[] {
  const global = new Map(
    [...known, ...rows]
      .filter(({ provider, model }) => provider === "aws" && model.startsWith("global."))
      .map((row) => [bare(row.model.slice("global.".length)), row.rates.input]),
  );
  return rows.map((row) =>
    row.provider === "aws" &&
    sinceClaude45.test(row.model) &&
    global.get(bare(row.model)) === row.rates.input
      ? dearer(row)
      : row,
  );
}

/** Without a date and a revision. */
function bare(model: string): string {
  return model.replace(/[-@]20\d{6}/, "").replace(/-v\d(?::\d+)?$/, "");
}

function dearer(row: CatalogueRow): CatalogueRow {
  const { contextTiers, serviceTiers = {}, regions } = row;
  const tiers = Object.entries(serviceTiers).map(([name, term]) => [name, dearerTerm(term)]);
  return {
    ...row,
    rates: dearerRates(row.rates),
    ...(contextTiers && {
      contextTiers: contextTiers.map((tier) => ({ ...tier, rates: dearerRates(tier.rates) })),
    }),
    ...(tiers.length > 0 && { serviceTiers: Object.fromEntries(tiers) as typeof serviceTiers }),
    // Those are stated for the place already.
    ...(regions !== undefined && regions !== "included" && { regions: inPlace(regions) }),
  };
}

function inPlace(
  regions: Readonly<Record<string, TermPrice>>,
): Readonly<Record<string, TermPrice>> {
  return Object.fromEntries(
    Object.entries(regions).map(([name, term]) => [
      name,
      isFactor(term)
        ? {
            ...term,
            numerator: term.numerator * tenth.denominator,
            denominator: term.denominator * tenth.numerator,
          }
        : term,
    ]),
  );
}

function dearerTerm(term: TermPrice): TermPrice {
  if (isFactor(term)) return term;
  return {
    ...term,
    rates: dearerRates(term.rates),
    ...(term.contextTiers && {
      contextTiers: term.contextTiers.map((tier) => ({ ...tier, rates: dearerRates(tier.rates) })),
    }),
  };
}

function dearerRates(rates: Rates): Rates {
  return Object.fromEntries(
    (Object.entries(rates) as [PricedMeter, PicoUsd][]).map(([meter, rate]) => [
      meter,
      countsTokens(meter) ? scale(rate, tenth) : pico(rate),
    ]),
  );
}
