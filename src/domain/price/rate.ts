/** A rate: the price of one meter (such as input tokens) of one model, for a period of time. */

import type { PicoUsd } from "../money/money.ts";
import type { Meter } from "../usage/usage.ts";

/**
 * How the price row of a model was found.
 *
 * - `exact` by the row's own id
 * - `alias` by another name of the model: one that is listed, a path or a geography before the id, a
 *   variant that does not change the price
 * - `snapshot` by the id without its date or build
 * - `prefix` by a shorter id: a preview of the model, or a prefix that a user states
 * - `served` by the model that the answer names, which has another row than the one asked for
 * - `fallback` in the list of the model's own vendor, because the provider has none for it; or the
 *   ceiling of the provider
 * - `rule` in ledgers of earlier releases: `alias` or `snapshot`
 */
export const matches = [
  "exact",
  "alias",
  "snapshot",
  "prefix",
  "served",
  "fallback",
  "rule",
] as const;

export type Match = (typeof matches)[number];

/**
 * The service tier that the provider reports, normalized. `fast` is Anthropic's speed; `other` is a
 * tier without a list price: prepaid capacity or an unknown name.
 */
export type ServiceTier = "standard" | "batch" | "flex" | "priority" | "fast" | "other";

/**
 * What has a price: a meter, or the reasoning within `output` where a provider prices it apart. The
 * output is then charged without it.
 */
export type PricedMeter = Meter | "reasoning";

/**
 * One price, stored permanently with the charges that used it.
 *
 * Two rates are equal if all fields are: a changed price is another rate.
 */
export interface Rate {
  readonly provider: string;
  /** The catalogue's model id, which may be shorter than the requested id. */
  readonly model: string;
  readonly meter: PricedMeter;
  /** Per token, tool call, request or other unit of the meter; never negative. */
  readonly perUnit: PicoUsd;
  readonly serviceTier: ServiceTier;
  /**
   * The region it applies to; absent if the call could be served anywhere or the price does not
   * depend on the region.
   */
  readonly region?: string;
  /**
   * The context size from which this rate applies, and whether that size itself is included.
   * Absent: any size.
   */
  readonly context?: { readonly tokens: number; readonly inclusive: boolean };
  readonly match: Match;
  /**
   * Origin: `genai-prices`, `litellm`, `overlay`, `configuration`, `api`, `legacy`,
   * `ceiling`.
   */
  readonly source: string;
  /** The version of that source, such as `0.2.3`. */
  readonly version: string;
  /** RFC 3339, when known. */
  readonly validFrom?: string;
}

/** The price per token of a model without a price in the book. */
export interface FallbackRates {
  readonly input: PicoUsd;
  readonly output: PicoUsd;
  /** Where the rates come from, and the fees; absent if a budget states the rates. */
  readonly ceiling?: CeilingRates;
}

/** The most that a provider's models without a price are held at: the dearest of its listed ones. */
export interface CeilingRates {
  readonly input: Rate;
  readonly output: Rate;
  /** Of any tool with a fee. */
  readonly webSearch: Rate;
  readonly request: Rate;
}

/** One line of a bill: `quantity × rate = cost`, exactly. */
export interface Charge {
  readonly model: string;
  /**
   * `reported_cost` is the provider's own figure; `hold` charges the held amount, for a call
   * without reported usage; `correction` is the figure of an administrator.
   */
  readonly meter: PricedMeter | "reported_cost" | "hold" | "correction";
  readonly quantity: number;
  readonly cost: PicoUsd;
  /**
   * Absent if the cost is not from a price list: a provider's figure, a held amount, a budget's
   * fallback rate.
   */
  readonly rate?: Rate;
}

/** The `source` of a rate that is the ceiling of models without a price; `model` is the one it is of. */
export const ceilingSource = "ceiling";

/** The `source` of a zero rate: the model has a price, but this meter has none. */
export const unpricedSource = "unpriced";
