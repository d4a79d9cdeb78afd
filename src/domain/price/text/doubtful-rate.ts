/** Finds what is valid in a price, but probably a mistake: a price per token, a factor in per cent. */

import { show } from "../../input/fields.ts";
import type { PicoUsd } from "../../money/money.ts";
import { countsTokens, type PricedMeter } from "../row/rate.ts";
import type { TermPrice } from "../row/row.ts";
import { isFactor } from "../row/terms.ts";
import { formatPerMillion } from "./per-million.ts";
import { withoutProvider } from "./repeated-provider.ts";
import { parseRow, type PriceText } from "./row-text.ts";

export interface DoubtfulRate {
  /** The field of the price. */
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

/** 0.0001 USD per million tokens. The cheapest published price so far is 0.001. */
export const leastTokenRate = 100n;

const mostFactor = 10n;

export function doubtfulRates(price: PriceText): readonly DoubtfulRate[] {
  const row = parseRow(price, { field: "", source: "stated" });
  const rates = Object.entries(row.rates) as readonly (readonly [PricedMeter, PicoUsd])[];
  const { serviceTiers = {}, regions = {} } = row;
  return [
    ...repeatedProvider(price),
    ...rates.flatMap(perToken),
    ...doubtfulFactors("service_tiers", serviceTiers),
    ...(regions === "included" ? [] : doubtfulFactors("regions", regions)),
  ];
}

function repeatedProvider({ provider, model }: PriceText): readonly DoubtfulRate[] {
  const own = withoutProvider(provider, model);
  if (own === undefined) return [];
  return [
    {
      field: "model",
      message: `model is ${show(model)}, which repeats its provider: calls of ${own} do not have this price`,
      remedy: `Write model: ${own}.`,
    },
  ];
}

function perToken([meter, rate]: readonly [PricedMeter, PicoUsd]): readonly DoubtfulRate[] {
  if (!countsTokens(meter) || rate === 0n || rate >= leastTokenRate) return [];
  const usd = formatPerMillion(rate);
  return [
    {
      field: meter,
      message: `${meter} is ${usd} USD per million tokens, less than any published price`,
      remedy: "If this is per token, multiply it by a million.",
    },
  ];
}

function doubtfulFactors(
  section: string,
  terms: Readonly<Record<string, TermPrice>>,
): readonly DoubtfulRate[] {
  return Object.entries(terms).flatMap(([name, price]) => {
    if (!isFactor(price)) return [];
    const { numerator, denominator } = price;
    if (numerator > 0n && numerator < denominator * mostFactor) return [];
    const field = `${section}.${name}.factor`;
    return [
      {
        field,
        message: `${field} makes tokens ${numerator === 0n ? "free" : "ten times as dear or more"}`,
        remedy: 'Give the share of the standard price, such as "0.5" for half of it.',
      },
    ];
  });
}
