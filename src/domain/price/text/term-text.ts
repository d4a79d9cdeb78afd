/** The price of a service tier or a region as text: a factor, or rates of its own. */

import { type Fields, invalid, openFields, optionalTexts, show } from "../../input/fields.ts";
import { suggest } from "../../input/nearest.ts";
import { fixedMeters, tokenMeters, type FixedMeter } from "../../usage/usage.ts";
import {
  formatRates,
  namesElsewhere,
  rateFields,
  readDecimal,
  readRates,
  type RatesText,
} from "./rates-text.ts";
import { reduced, type Ratio } from "../row/ratio.ts";
import type { ContextTier, Factor, OwnRates, TermPrice } from "../row/row.ts";
import { isFactor } from "../row/terms.ts";
import { edgeName, formatTiers, readTiers, type ContextTierText } from "./tier-text.ts";

/** What a factor applies to. */
type TokenField = FixedMeter | "reasoning";

export interface FactorText {
  /** A decimal such as `0.5`, or a fraction such as `5/3`. */
  readonly factor: string;
  /**
   * Token meters, or reasoning, that are not priced separately under this term: their substitutes
   * are used.
   */
  readonly without?: readonly TokenField[];
}

export interface OwnRatesText extends RatesText {
  /** Only at thresholds of the price itself. */
  readonly context_tiers?: readonly ContextTierText[];
}

export type TermText = FactorText | OwnRatesText;

interface TermOptions {
  readonly prefix: string;
  /** The tiers of the row. */
  readonly tiers: readonly ContextTier[];
}

/** @throws PurserError `invalid_request` naming the field and the remedy. */
export function readTerm(input: unknown, { prefix, tiers }: TermOptions): TermPrice {
  const fields = openFields(input, {
    prefix,
    known: ["factor", "without", "context_tiers", ...rateFields],
    meant: namesElsewhere,
  });
  return fields.values.has("factor") ? readFactor(fields) : readOwnRates(fields, tiers);
}

export function formatTerm(price: TermPrice, tiers: readonly ContextTier[]): TermText {
  if (isFactor(price))
    return {
      factor: formatRatio(price),
      ...(price.without &&
        price.without.length > 0 && { without: price.without.filter(isTokenField) }),
    };
  const rates = formatRates(price.rates);
  const own = (price.contextTiers ?? []).flatMap((tier) => {
    const edge = tiers.find((other) => other.tokens === tier.tokens);
    return edge ? [{ ...tier, inclusive: edge.inclusive }] : [];
  });
  if (own.length > 0) return { ...rates, context_tiers: formatTiers(own) };
  return Object.keys(rates).length > 0 ? rates : { factor: "1" };
}

function readFactor(fields: Fields): Factor {
  const other = [...fields.values.keys()].find((name) => name !== "factor" && name !== "without");
  if (other !== undefined)
    throw invalid(
      fields.prefix + other,
      "is given together with factor",
      "Give a factor of the standard rates, or rates, but not both.",
    );
  const ratio = parseRatio(fields.values.get("factor"), `${fields.prefix}factor`);
  const names = optionalTexts(fields, "without", 'Give a list of meters: ["cache_read"].');
  if (!names) return ratio;
  const without = names.map((name, index) => {
    const meter = replaceable.find((known) => known === name);
    if (meter === undefined)
      throw invalid(
        `${fields.prefix}without[${index}]`,
        `is ${show(name)}, which is not a token meter with a substitute`,
        suggest(name, replaceable),
      );
    return meter;
  });
  return { ...ratio, without };
}

function readOwnRates(fields: Fields, tiers: readonly ContextTier[]): OwnRates {
  const { prefix } = fields;
  if (fields.values.has("without"))
    throw invalid(`${prefix}without`, "needs a factor", "Give a factor, or leave without out.");
  const rates = readRates(fields);
  const own = readTiers(fields, tokenFields);
  own.forEach(({ tokens: edge, inclusive }, index) => {
    if (tiers.some((tier) => tier.tokens === edge && tier.inclusive === inclusive)) return;
    throw invalid(
      `${prefix}context_tiers[${index}].${edgeName(inclusive)}`,
      `is ${edge}, which is not a threshold of the price itself`,
      tiers.length === 0
        ? "Give context_tiers of the price itself, too."
        : `Use one of its thresholds: ${tiers.map((tier) => `${edgeName(tier.inclusive)}: ${tier.tokens}`).join(", ")}.`,
    );
  });
  if (own.length === 0 && Object.keys(rates).length === 0)
    throw invalid(
      `${prefix}factor`,
      "is missing, and so is every rate",
      'Give { factor: "0.5" }, or rates such as { input: "1", output: "5" }.',
    );
  return { rates, ...(own.length > 0 && { contextTiers: own }) };
}

/** @throws PurserError `invalid_request` naming the field and the remedy. */
export function parseRatio(value: unknown, field: string): Ratio {
  const text = readDecimal(value, field);
  const match = /^(\d{1,30})(?:\.(\d{1,12})|\/(\d{1,30}))?$/.exec(text);
  const [, whole = "0", decimals = "", divisor] = match ?? [];
  const denominator = divisor === undefined ? 10n ** BigInt(decimals.length) : BigInt(divisor);
  if (!match || denominator === 0n)
    throw invalid(
      field,
      `is ${show(text)}, which is not a factor`,
      'Give a decimal such as "0.5", or a fraction such as "5/3".',
    );
  const numerator = BigInt(whole + decimals);
  if (numerator > mostFactor * denominator)
    throw invalid(
      field,
      `is ${show(text)}, which is above ${mostFactor}`,
      'Is this a percentage? Give "1.1" for 10 % more.',
    );
  return reduced({ numerator, denominator });
}

/** The decimal if there is an exact one of at most 12 decimals, else the fraction: `1.1`, `5/3`. */
function formatRatio(ratio: Ratio): string {
  const { numerator, denominator } = reduced(ratio);
  for (let decimals = 0, scale = 1n; decimals <= 12; decimals++, scale *= 10n) {
    if (scale % denominator !== 0n) continue;
    const digits = String(numerator * (scale / denominator)).padStart(decimals + 1, "0");
    if (decimals === 0) return digits;
    return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  }
  return `${numerator}/${denominator}`;
}

function isTokenField(meter: string): meter is TokenField {
  return tokenFields.some((known) => known === meter);
}

const mostFactor = 1000n;
const tokenFields: readonly TokenField[] = [
  ...fixedMeters.filter((meter) => tokenMeters.has(meter)),
  "reasoning",
];
/** Input has no substitute. */
const replaceable = tokenFields.filter((meter) => meter !== "input");
