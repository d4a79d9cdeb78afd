/** One row of a price list: what one model costs in one stretch of time. */

import type { PicoUsd } from "../money/money.ts";
import type { Meter } from "../usage/usage.ts";
import type { IdRule } from "./id-rule.ts";
import type { ServiceTier } from "./rate.ts";

/** Per token, tool call or request. A meter that is absent has no rate of its own. */
export type Rates = Readonly<Partial<Record<Meter, PicoUsd>>>;

/** Rates of a whole request, output too, once its context is this long. */
export interface ContextTier {
  readonly tokens: number;
  /** Whether a context of exactly `tokens` has these rates already. */
  readonly inclusive: boolean;
  /** Only what differs from the tier below. */
  readonly rates: Rates;
}

/** Hours of the week, in UTC, in which other rates hold. */
export interface Schedule {
  /** ISO weekdays, 1 (Monday) to 7. */
  readonly weekdays: readonly number[];
  /** Minutes since midnight UTC, included. */
  readonly fromMinute: number;
  /** Excluded, later than `fromMinute`, at most 1440. */
  readonly toMinute: number;
  /** Only what differs from the row. */
  readonly rates: Rates;
}

/** An exact factor: 5/3 stays 5/3. A product that is not a whole pico-USD is rounded up. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What a term (a service tier, a region) makes of the standard rates. Tool fees and the flat fee of a request do not change. */
export interface Factor extends Ratio {
  /** Meters that the provider does not price apart under this term: what stands in for them is used. */
  readonly without?: readonly Meter[];
}

/** Rates that another source adds where the row has none. */
export interface Supplement {
  readonly rates?: Rates;
  /** Meters priced as a multiple of another one, at every context size. */
  readonly multiples?: Readonly<Partial<Record<Meter, Ratio & { readonly of: Meter }>>>;
  readonly source: string;
  readonly version: string;
}

export interface CatalogueRow {
  readonly provider: string;
  readonly model: string;
  /** Which ids the row is for, besides `model` itself. */
  readonly ids: IdRule;
  /** Milliseconds since the epoch, included; absent: since ever. */
  readonly validFrom?: number;
  /** Excluded; absent: until further notice. */
  readonly validTo?: number;
  /** At least `input`. */
  readonly rates: Rates;
  /** Ascending. */
  readonly contextTiers?: readonly ContextTier[];
  /** The first that holds at a moment decides. */
  readonly schedules?: readonly Schedule[];
  /** Tiers with a price of their own. */
  readonly serviceTiers?: Readonly<Partial<Record<ServiceTier, Factor>>>;
  /** Regions with a known price, also those that cost the same; `included` where the rates are for whichever region serves. */
  readonly regions?: Readonly<Record<string, Factor>> | "included";
  /** The first that has a meter gives it. */
  readonly supplements?: readonly Supplement[];
  /** `always` where the provider may write a cache that nobody asked for (OpenAI); `asked` where only `cache_control` makes it write. */
  readonly cacheWrites: "asked" | "always";
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly source: string;
  readonly version: string;
}
