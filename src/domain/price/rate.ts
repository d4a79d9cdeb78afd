/** A price of one meter of one model, valid for a stretch of time. */

import type { PicoUsd } from "../money/money.ts";
import type { Meter } from "../usage/usage.ts";

/** How the catalogue row was found: the exact id, a rule that names this id, or a shorter id that only begins alike. */
export type Match = "exact" | "rule" | "prefix";

/**
 * The level of service that the provider says it served, in one vocabulary.
 * `fast` is Anthropic's speed; the others are OpenAI's and Anthropic's tiers.
 */
export type ServiceTier = "standard" | "batch" | "flex" | "priority" | "fast";

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

/** One line of a bill: `quantity × rate = cost`, exactly. */
export interface Charge {
  readonly model: string;
  readonly meter: Meter | "reported_cost";
  readonly quantity: number;
  readonly cost: PicoUsd;
  /** Absent on a line that repeats a provider's own figure, and on one that an allowed fallback rate gave. */
  readonly rate: Rate;
}
