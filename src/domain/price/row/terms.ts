/**
 * The terms of a call, service tier and region: they determine its price along with model, time and
 * context size.
 */

import { zero, type PicoUsd } from "../../money/money.ts";
import { isOpenMeter } from "../../usage/open-meter.ts";
import { countsTokens, type ServiceTier } from "./rate.ts";
import type { CatalogueRow, Factor, OwnRates, Rates, TermPrice } from "./row.ts";

/** Each term multiplies the standard rates of a model. */
export interface Terms {
  readonly serviceTier: ServiceTier;
  /**
   * Where the call had to be processed: {@link anywhere}, or the provider's name of a region (`us`,
   * `eu`).
   */
  readonly region: string;
}

/** No region was requested or imposed. */
export const anywhere = "global";

/** In a row's regions: any region not listed. */
export const anyRegion = "*";

/** The terms that a row can price, and their factors. */
export interface AppliedTerms {
  /** The terms of the rates: those requested, or the nearest that the row prices. */
  readonly terms: Terms;
  /** Multiplied with each other and with the rate. */
  readonly factors: readonly Factor[];
  /**
   * Rates stated under the terms, in order of precedence: the tier's, then the region's. They
   * replace the standard rates.
   */
  readonly own: readonly OwnRates[];
  /** False if the row has no rate for one of the terms. */
  readonly isPriced: boolean;
}

/**
 * Finds the factors of the terms. A tier without a price is charged at the standard rates. A region
 * without a price is charged like the most expensive known one: providers charge more for a fixed
 * region, never less.
 */
export function applyTerms(row: CatalogueRow, { serviceTier, region }: Terms): AppliedTerms {
  const tier = findTier(row, serviceTier);
  const place = findRegion(row, region);
  const prices = [tier?.price, place?.price].filter((price) => price !== undefined);
  return {
    terms: { serviceTier: tier ? tier.name : "standard", region: place ? place.name : anywhere },
    factors: prices.filter((price) => isFactor(price)),
    own: prices.filter((price): price is OwnRates => !isFactor(price)),
    isPriced: tier !== undefined && place?.isListed === true,
  };
}

/**
 * Every region under which a call served in `region` can be billed; all of them if it is unknown.
 * A region without a price is bounded by all that have one: each can be the dearest in some meter.
 */
export function possibleRegions(row: CatalogueRow, region: string | undefined): readonly string[] {
  const listed = regionsOf(row).map(([name]) => name);
  if (region === undefined) return [anywhere, ...listed];
  return findRegion(row, region)?.isListed === false ? [region, ...listed] : [region];
}

function regionsOf({
  regions,
}: CatalogueRow): readonly (readonly [name: string, price: TermPrice])[] {
  return regions === undefined || regions === "included" ? [] : Object.entries(regions);
}

/** The prices of all tiers and regions. */
export function termsOf(row: CatalogueRow): readonly TermPrice[] {
  return [...Object.values(row.serviceTiers ?? {}), ...regionsOf(row).map(([, price]) => price)];
}

/** All rates that a row states: at any size of context or hour, by a supplement, under a term. */
export function statedRates(row: CatalogueRow): readonly Rates[] {
  const { contextTiers = [], schedules = [], supplements = [] } = row;
  const own = termsOf(row).flatMap((term) =>
    isFactor(term) ? [] : [term, ...(term.contextTiers ?? [])],
  );
  return [row, ...contextTiers, ...schedules, ...supplements, ...own].flatMap(
    ({ rates }) => rates ?? [],
  );
}

/**
 * The token meters whose rate of zero does not mean that they are free:
 *
 * - `all` if the row has prices of units, such as images or seconds, and none of input tokens, or
 *   prices of other kinds of input only, such as images given
 * - `output` if only another kind of output has a price, such as images made: it covers the input
 * - `none` for any other row: it states what its tokens cost, if only that all are free
 */
export function unstatedTokens(row: CatalogueRow): "none" | "output" | "all" {
  const priced = new Set(
    statedRates(row).flatMap((rates) =>
      Object.entries(rates).flatMap(([meter, perUnit]) => (perUnit === zero ? [] : [meter])),
    ),
  );
  if (priced.has("input")) return "none";
  const isUnit = (meter: string): boolean => isOpenMeter(meter) && !meter.startsWith("tool:");
  if ([...priced].some(isUnit)) return "all";
  const tokens = [...priced].filter(countsTokens);
  if (tokens.length === 0 || tokens.includes("output")) return "none";
  return tokens.every(isOutput) ? "output" : "all";
}

/** Whether a meter of tokens counts what the model makes. */
export function isOutput(meter: string): boolean {
  return meter.startsWith("output") || meter === "reasoning";
}

interface Found<Name extends string> {
  readonly name: Name;
  /** Undefined for the standard rates. */
  readonly price: TermPrice | undefined;
  readonly isListed: boolean;
}

function findTier(row: CatalogueRow, serviceTier: ServiceTier): Found<ServiceTier> | undefined {
  if (serviceTier === "standard") return { name: "standard", price: undefined, isListed: true };
  const price = row.serviceTiers?.[serviceTier];
  return price && { name: serviceTier, price, isListed: true };
}

function findRegion(row: CatalogueRow, region: string): Found<string> | undefined {
  if (region === anywhere || row.regions === "included")
    return { name: anywhere, price: undefined, isListed: true };
  const listed = regionsOf(row);
  const named =
    listed.find(([name]) => name === region) ?? listed.find(([name]) => name === anyRegion);
  if (named)
    return { name: named[0] === anyRegion ? region : named[0], price: named[1], isListed: true };
  const [first, ...others] = listed;
  if (!first) return undefined;
  const [name, price] = others.reduce(
    (most, next) => (isDearer(row, next[1], most[1]) ? next : most),
    first,
  );
  return { name, price, isListed: false };
}

export function isFactor(price: TermPrice): price is Factor {
  return "numerator" in price;
}

/** Compares the prices of input; where they are equal, as in a price by unit, those of units. */
function isDearer(row: CatalogueRow, left: TermPrice, right: TermPrice): boolean {
  const [one, other] = [inputUnder(row, left), inputUnder(row, right)];
  const difference = one.numerator * other.denominator - other.numerator * one.denominator;
  return difference === 0n ? unitUnder(row, left) > unitUnder(row, right) : difference > 0n;
}

/** The rate of the dearest open meter. */
function unitUnder({ rates }: CatalogueRow, price: TermPrice): PicoUsd {
  const stated = Object.entries({ ...rates, ...(!isFactor(price) && price.rates) });
  return stated.reduce(
    (most, [meter, rate = zero]) => (isOpenMeter(meter) && rate > most ? rate : most),
    zero,
  );
}

function inputUnder({ rates }: CatalogueRow, price: TermPrice): Factor {
  const standard = rates.input ?? zero;
  if (!isFactor(price)) return { numerator: price.rates.input ?? standard, denominator: 1n };
  return { numerator: price.numerator * standard, denominator: price.denominator };
}
