/** A rate: the price of one meter (such as input tokens) of one model, for a period of time. */

import type { PicoUsd } from "../../money/money.ts";
import { tokenMeters, type Meter } from "../../usage/usage.ts";

/**
 * How the price row of a model was found.
 *
 * - `exact` by the row's own id
 * - `alias` by another name of the model: a listed one, or one with a path, a geography or a
 *   variant that does not change the price
 * - `snapshot` by the id without its date or build
 * - `prefix` by a shorter id: the model of a preview, or a prefix stated by a user
 * - `served` by the model named in the answer, which has another row than the requested one
 * - `fallback` in the list of the model's vendor, because the provider has no row for it; or the
 *   provider's ceiling
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

const tokens: ReadonlySet<string> = tokenMeters;

/** Whether a meter is priced by token, rather than by call or another unit. */
export function countsTokens(meter: string): boolean {
  return meter === "reasoning" || tokens.has(meter);
}

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
   * Origin: `genai-prices`, `litellm`, `models.dev`, `openrouter`, `overlay`, `configuration`,
   * `api`, `legacy`, `ceiling`, `unpriced`.
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

/** What a provider's models without a price are held at: the dearest rates of its listed models. */
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

/** The `source` of the ceiling of models without a price; `model` is the model that sets it. */
export const ceilingSource = "ceiling";

/** The `source` of a zero rate: the model has a price, but this meter has none. */
export const unpricedSource = "unpriced";
