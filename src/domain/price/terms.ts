/** The terms under which a call is served: what a price depends on besides the model, the moment and the context. */

import type { ServiceTier } from "./rate.ts";
import type { CatalogueRow, Factor } from "./row.ts";

/** Each is a dimension of a rate. The same model costs another multiple of its standard rates under other terms. */
export interface Terms {
  readonly serviceTier: ServiceTier;
  /** Where the call had to be processed: {@link anywhere}, or the provider's own word (`us`, `eu`). */
  readonly region: string;
}

/** No region was asked for or imposed. */
export const anywhere = "global";

/** In a row's regions: every one that it does not list. */
export const anyRegion = "*";

/** What a row makes of some terms. */
export interface AppliedTerms {
  /** The terms that the rates are for: those asked about, or the nearest that the row prices. */
  readonly terms: Terms;
  /** Multiplied with each other and with the standard rate. */
  readonly factors: readonly Factor[];
  /** False where the row has no rate for one of the terms. */
  readonly isPriced: boolean;
}

/**
 * Finds the factors of the terms. A tier without a price is charged at the standard rates. A region without a price is charged
 * like the dearest region that has one: providers ask more for a fixed region, and never less.
 */
export function applyTerms(row: CatalogueRow, { serviceTier, region }: Terms): AppliedTerms {
  const tier = findTier(row, serviceTier);
  const place = findRegion(row, region);
  return {
    terms: { serviceTier: tier ? tier.name : "standard", region: place ? place.name : anywhere },
    factors: [tier?.factor, place?.factor].filter((factor) => factor !== undefined),
    isPriced: tier !== undefined && place?.isListed === true,
  };
}

/** Every region in which a call that may be served in `region` can be billed; in all of them, where it is not known. */
export function possibleRegions(row: CatalogueRow, region: string | undefined): readonly string[] {
  return region === undefined ? [anywhere, ...regionsOf(row).map(([name]) => name)] : [region];
}

function regionsOf({ regions }: CatalogueRow): readonly (readonly [name: string, factor: Factor])[] {
  return regions === undefined || regions === "included" ? [] : Object.entries(regions);
}

interface Found<Name extends string> {
  readonly name: Name;
  /** Undefined for the standard rates. */
  readonly factor: Factor | undefined;
  readonly isListed: boolean;
}

function findTier(row: CatalogueRow, serviceTier: ServiceTier): Found<ServiceTier> | undefined {
  if (serviceTier === "standard") return { name: "standard", factor: undefined, isListed: true };
  const factor = row.serviceTiers?.[serviceTier];
  return factor && { name: serviceTier, factor, isListed: true };
}

function findRegion(row: CatalogueRow, region: string): Found<string> | undefined {
  if (region === anywhere || row.regions === "included") return { name: anywhere, factor: undefined, isListed: true };
  const listed = regionsOf(row);
  const named = listed.find(([name]) => name === region) ?? listed.find(([name]) => name === anyRegion);
  if (named) return { name: named[0] === anyRegion ? region : named[0], factor: named[1], isListed: true };
  const [first, ...others] = listed;
  if (!first) return undefined;
  const [name, factor] = others.reduce((most, next) => (isDearer(next[1], most[1]) ? next : most), first);
  return { name, factor, isListed: false };
}

function isDearer(left: Factor, right: Factor): boolean {
  return left.numerator * right.denominator > right.numerator * left.denominator;
}
