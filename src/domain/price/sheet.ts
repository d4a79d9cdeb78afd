/** Price sheets: all prices of one model at one time, looked up once and used for many calls. */

import type { PicoUsd } from "../money/money.ts";
import type { FeeMeter, OpenMeter, UsagePart } from "../usage/usage.ts";
import type { Charge, FallbackRates, Match, ServiceTier } from "./row/rate.ts";
import type { CatalogueRow } from "./row/row.ts";
import type { Terms } from "./row/terms.ts";

/** Properties of a call that bound its cost before it is made. */
export interface DearestQuery {
  /** Input tokens expected, cached or not. */
  readonly inputTokens: number;
  /** Whether the request writes a prompt cache, and its longest lifetime. */
  readonly cacheWrite: "none" | "5m" | "1h";
  /** The requested tier; the served tier may be cheaper, never more expensive. */
  readonly serviceTier: ServiceTier;
  /**
   * The region in which the call must be processed; absent: that of the provider's calls, or any
   * region if the provider decides.
   */
  readonly region?: string | undefined;
  /** The fees that may apply; absent: any. */
  readonly fees?: readonly FeeMeter[] | undefined;
  /**
   * False if the request has no audio or images, so their rates do not apply. Absent: it may have.
   */
  readonly media?: boolean;
}

/** What decides the terms under which a call can be billed. */
export type TermsQuery = Pick<DearestQuery, "serviceTier" | "region">;

/**
 * The maximum cost of each unit under a query: never below the result of {@link PriceSheet.charge}.
 */
export interface DearestRates {
  readonly input: PicoUsd;
  readonly output: PicoUsd;
  /**
   * The highest fee that may apply, per unit: which tool the model will use is not known in
   * advance.
   */
  readonly webSearch: PicoUsd;
  readonly request: PicoUsd;
}

/** As for {@link DearestQuery}, of any model of the provider and for inputs of any size. */
export interface CeilingQuery extends Omit<DearestQuery, "inputTokens"> {
  readonly provider: string;
  readonly at: number;
}

export interface ChargeOptions {
  readonly serviceTier: ServiceTier;
  /** The region that served; defaults to that of the provider's calls, else anywhere. */
  readonly region?: string | undefined;
  readonly at: number;
}

export interface UpcomingSheet {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly sheet: PriceSheet;
}

export interface PriceSheet {
  readonly provider: string;
  /** The id that was looked up. */
  readonly model: string;
  readonly match: Match;
  /** The price that was found, with everything it states. */
  readonly row: CatalogueRow;
  /**
   * Milliseconds since the epoch at which the sheet expires; infinite if no price change is known.
   */
  readonly validUntil: number;
  /**
   * When another row, or none, prices the model: milliseconds since the epoch, infinite if that is
   * not known. Hours are within a row.
   */
  rowUntil(): number;
  /** The model's context size, when known. */
  readonly contextWindow?: number;
  /** The model's maximum output tokens, when known. */
  readonly maxOutputTokens?: number;

  /**
   * False if only units or another kind of tokens have a price, such as seconds or images. Its text
   * tokens are then `unpriced`, although the row has to state a rate of zero for them.
   */
  readonly pricesTokens: boolean;

  /** The open meters with a price, if only at some hours or under a tier or region. */
  readonly openMeters: readonly OpenMeter[];

  /** What one of each open meter costs. A meter without a price then and there is left out. */
  unitRates(options: ChargeOptions): ReadonlyMap<OpenMeter, PicoUsd>;

  /** The prices that begin before a call that starts now must have ended: they count in bounds. */
  readonly upcoming: readonly UpcomingSheet[];

  /** Every tier and region under which a call can be billed. */
  possibleTerms(query: TermsQuery): readonly Terms[];

  /**
   * The lines of the bill for one part. Every counted meter yields a line: a meter without its own
   * rate uses a substitute (cache and audio fall back to input or output), never zero; a tool or
   * unit without one is listed at zero, as `unpriced`.
   */
  charge(part: UsagePart, options: ChargeOptions): readonly Charge[];

  /** Whether the model has rates for these terms. If not, charges use the nearest ones. */
  prices(terms: Omit<ChargeOptions, "at">): boolean;

  dearest(query: DearestQuery): DearestRates;

  /** The same prices, found in another way. */
  foundBy(match: Match): PriceSheet;
}

/** Finds sheets. Look-ups are pure: the same book, model and time give the same sheet. */
export interface PriceBook {
  /** Identifies the state of the book; changes with every added row. */
  readonly version: string;
  /** @returns undefined if the model has no price: `unpriced`, which does not mean free. */
  sheet(query: {
    readonly provider: string;
    readonly model: string;
    readonly at: number;
  }): PriceSheet | undefined;
  /**
   * The most that a model without a price is held at, if its provider reports what it bills.
   *
   * @returns undefined if nothing bounds the cost.
   */
  ceiling(query: CeilingQuery): FallbackRates | undefined;
}
