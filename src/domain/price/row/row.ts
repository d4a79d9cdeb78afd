/** One row of a price list: the prices of one model during one period of time. */

import type { PicoUsd } from "../../money/money.ts";
import { tokenMeters, type FeeMeter, type Meter } from "../../usage/usage.ts";
import type { IdRule } from "../id/id-rule.ts";
import type { PricedMeter, ServiceTier } from "./rate.ts";
import type { Ratio } from "./ratio.ts";

/**
 * Per token, tool call, request or other unit. An absent meter has no rate of its own; reasoning
 * without one is output like any other.
 */
export type Rates = Readonly<Partial<Record<PricedMeter, PicoUsd>>>;

/** Rates for a whole request, including output, from this context size on. */
export interface ContextTier {
  readonly tokens: number;
  /** Whether a context of exactly `tokens` has these rates. */
  readonly inclusive: boolean;
  /** Only the rates that differ from the tier below. */
  readonly rates: Rates;
}

/** Hours of the week, in UTC, with other rates. */
export interface Schedule {
  /** ISO weekdays, 1 (Monday) to 7. */
  readonly weekdays: readonly number[];
  /** Minutes since midnight UTC, included. */
  readonly fromMinute: number;
  /** Excluded, later than `fromMinute`, at most 1440. */
  readonly toMinute: number;
  /** Only the rates that differ from the row. */
  readonly rates: Rates;
}

/**
 * Multiplies the standard token rates under a term (service tier, region). Fees and open meters do
 * not change.
 */
export interface Factor extends Ratio {
  /**
   * What the provider does not price separately under this term; its substitutes are used, under a
   * discount at no more than its standard rate.
   */
  readonly without?: readonly PricedMeter[];
}

/** The prices that a provider states under a term, instead of a factor. */
export interface OwnRates {
  /**
   * A token meter without a rate here is charged as its substitute here, or at the standard rate in
   * the same proportion, whichever is dearer, but under a discount at no more than its standard rate.
   * Fees and open meters without one keep the standard rate.
   */
  readonly rates: Rates;
  /** Only at thresholds of the row's own tiers. */
  readonly contextTiers?: readonly ContextTier[];
}

export type TermPrice = Factor | OwnRates;

/** Rates that another source adds for meters missing in the row. */
export interface Supplement {
  readonly rates?: Rates;
  /**
   * The price of a tool call that a reseller may serve itself instead of the model's vendor. Holds
   * cover it, whatever the row states; it is never charged.
   */
  readonly mayCost?: Readonly<Partial<Record<FeeMeter, PicoUsd>>>;
  /** Meters priced as a multiple of another one, at every context size. */
  readonly multiples?: Readonly<Partial<Record<PricedMeter, Ratio & { readonly of: Meter }>>>;
  readonly source: string;
  readonly version: string;
}

/** Units that a provider grants without charge in each period. */
export interface FreeAllowance {
  readonly units: number;
  readonly per: "day" | "month";
}

export interface CatalogueRow {
  readonly provider: string;
  readonly model: string;
  /** Other ids that the row applies to, in addition to `model`. */
  readonly ids: IdRule;
  /** Milliseconds since the epoch, included; absent: no start. */
  readonly validFrom?: number;
  /** Excluded; absent: no end. */
  readonly validTo?: number;
  /** At least `input`. */
  readonly rates: Rates;
  /** Ascending. */
  readonly contextTiers?: readonly ContextTier[];
  /** The first that matches a time wins. */
  readonly schedules?: readonly Schedule[];
  /** Tiers with their own price. */
  readonly serviceTiers?: Readonly<Partial<Record<ServiceTier, TermPrice>>>;
  /**
   * Regions with a known price, including those at standard rates; `included` if the rates apply to
   * any region.
   */
  readonly regions?: Readonly<Record<string, TermPrice>> | "included";
  /** The first one that has a meter wins. */
  readonly supplements?: readonly Supplement[];
  /**
   * For information only: other programs may use the allowance, so every unit is charged.
   */
  readonly free?: Readonly<Partial<Record<Meter, FreeAllowance>>>;
  /**
   * `always` if the provider may write a cache unasked (OpenAI); `asked` if it writes only on
   * `cache_control`.
   */
  readonly cacheWrites: "asked" | "always";
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly source: string;
  readonly version: string;
}

/** @param at Milliseconds since the epoch. */
export function isValidAt(
  { validFrom = -Infinity, validTo = Infinity }: CatalogueRow,
  at: number,
): boolean {
  return validFrom <= at && at < validTo;
}

/**
 * Whether two rows of one book are the same statement of a price. An updated price is copied to
 * each source that it replaces, with that source's ids; all else of a copy is the original's. Two
 * prices that a user states for one model are not the same, even if their figures are.
 */
export function isSameStatement(left: CatalogueRow, right: CatalogueRow): boolean {
  if (left === right) return true;
  if (left.rates !== right.rates) return false;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]) as Set<keyof CatalogueRow>;
  return [...names].every((name) => name === "ids" || left[name] === right[name]);
}

/** Whether two rows charge the same for every token that both price. */
export function chargesTokensAlike(left: CatalogueRow, right: CatalogueRow): boolean {
  return [...tokenMeters].every((meter) => {
    const [one, other] = [left.rates[meter], right.rates[meter]];
    return one === undefined || other === undefined || one === other;
  });
}
