/** A price of one meter of one model, valid for a stretch of time. */

import type { PicoUsd } from "../money/money.ts";
import type { Meter } from "../usage/usage.ts";

/** How the catalogue row was found: the exact id, a rule that names this id, or a shorter id that only begins alike. */
export type Match = "exact" | "rule" | "prefix";

/**
 * The level of service that the provider says it served, in one vocabulary.
 * `fast` is Anthropic's speed; `other` is a tier without a list price: capacity that was paid for beforehand, or a word that is
 * not known here.
 */
export type ServiceTier = "standard" | "batch" | "flex" | "priority" | "fast" | "other";

/**
 * One price, as it is kept for ever beside the charges that used it.
 *
 * Two rates are the same when all fields are: a price that changes is another rate.
 */
export interface Rate {
  readonly provider: string;
  /** The catalogue's model id, which may be shorter than the id asked for. */
  readonly model: string;
  readonly meter: Meter;
  /** Per token, tool call or request; never negative. */
  readonly perUnit: PicoUsd;
  readonly serviceTier: ServiceTier;
  /** The region that it is for; absent where the call could be served anywhere, and where the region makes no part of the price. */
  readonly region?: string;
  /** The context size from which this rate counts, and whether that very size is included. Absent: any size. */
  readonly context?: { readonly tokens: number; readonly inclusive: boolean };
  readonly match: Match;
  /** Where it was read: `genai-prices`, `overlay`, `configuration`, `api`, `legacy`. */
  readonly source: string;
  /** The version of that source, such as `0.1.8`. */
  readonly version: string;
  /** RFC 3339, when known. */
  readonly validFrom?: string;
}

/** What a budget takes a token to cost where the book has no price. */
export interface FallbackRates {
  readonly input: PicoUsd;
  readonly output: PicoUsd;
}

/** One line of a bill: `quantity × rate = cost`, exactly. */
export interface Charge {
  readonly model: string;
  /**
   * `reported_cost` repeats a provider's own figure; `hold` charges what was held, for a call whose usage never came;
   * `correction` is what an administrator says.
   */
  readonly meter: Meter | "reported_cost" | "hold" | "correction";
  readonly quantity: number;
  readonly cost: PicoUsd;
  /** Absent where no price list gave the cost: on a provider's own figure, a held amount, a budget's fallback rate. */
  readonly rate?: Rate;
}

/** A price that a user states. Decimal USD per million units, as it was written. */
export interface PriceOverride {
  readonly provider: string;
  readonly model: string;
  readonly match: "exact" | "prefix";
  readonly perMillion: Readonly<Partial<Record<Meter, string>>>;
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly source: string;
}
