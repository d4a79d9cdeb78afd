/** All prices of one model at one moment: looked up once, used for many calls. */

import type { PicoUsd } from "../money/money.ts";
import type { FeeMeter, UsagePart } from "../usage/usage.ts";
import type { Charge, Match, ServiceTier } from "./rate.ts";

/** What bounds a call before it is made. */
export interface DearestQuery {
  /** Input tokens expected, cached or not. */
  readonly inputTokens: number;
  /** Whether the request asks for a prompt cache to be written, and for how long at most. */
  readonly cacheWrite: "none" | "5m" | "1h";
  /** The tier asked for; what is served may be cheaper, never dearer. */
  readonly serviceTier: ServiceTier;
  /** Where the call must be processed; absent: where the provider's calls go, and in any region where the provider decides that. */
  readonly region?: string | undefined;
  /** The fees that can fall due; absent: any. */
  readonly fees?: readonly FeeMeter[] | undefined;
  /** False when the request has no audio or image in it: the rates of those then bound nothing. Absent: it may have. */
  readonly media?: boolean;
}

/** The most that each unit can cost under a query: never below what {@link PriceSheet.charge} will say. */
export interface DearestRates {
  readonly input: PicoUsd;
  readonly output: PicoUsd;
  /** Of one unit of the dearest fee that can fall due: which tool a model will choose is not known before. */
  readonly webSearch: PicoUsd;
  readonly request: PicoUsd;
}

export interface ChargeOptions {
  readonly serviceTier: ServiceTier;
  /** The region that served; by default where the provider's calls go, else anywhere. */
  readonly region?: string | undefined;
  readonly at: number;
}

export interface PriceSheet {
  readonly provider: string;
  /** The id that was looked up. */
  readonly model: string;
  readonly match: Match;
  /** Milliseconds since the epoch at which the sheet must be looked up again; infinite where no price is due to change. */
  readonly validUntil: number;
  /** The model's context size, when known. */
  readonly contextWindow?: number;
  /** The most output tokens the model gives, when known. */
  readonly maxOutputTokens?: number;

  /**
   * The lines of the bill for one part. Every counted meter yields a line: where the model has no rate of its own for
   * a meter, the rate that stands in for it is used (cache and audio fall back to input or output), never nothing.
   */
  charge(part: UsagePart, options: ChargeOptions): readonly Charge[];

  /** Whether the model has rates for these terms. A charge is made by the nearest ones otherwise. */
  prices(terms: Omit<ChargeOptions, "at">): boolean;

  dearest(query: DearestQuery): DearestRates;
}

/** Finds sheets. Looking up is pure: the same book, model and moment give the same sheet. */
export interface PriceBook {
  /** Names the state of the book, and changes with every row that is added. */
  readonly version: string;
  /** @returns undefined when the model has no price: it is then `unpriced`, which is never the same as free. */
  sheet(query: { readonly provider: string; readonly model: string; readonly at: number }): PriceSheet | undefined;
}
