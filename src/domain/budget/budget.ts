/**
 * A budget limits the spend of one value of one dimension (such as team `search`) in one time
 * window.
 */

import type { AttributionKey } from "../attribution/attribution.ts";
import type { FallbackRates } from "../price/row/rate.ts";

/**
 * `platform` applies to every call; the others to calls whose attribution has the budget's value.
 */
export type BudgetType = "platform" | AttributionKey;

/** What a budget counts: pico-USD, tokens, or calls. */
export type Currency = "USD" | "tokens" | "requests";

export type Period = "once" | "hour" | "day" | "week" | "month" | "quarter" | "year";

export type ThresholdAction = "notify" | "pause";

export interface Threshold {
  /** A share of the amount in parts per million, which keeps 0.8 exact: 800,000. */
  readonly partsPerMillion: number;
  readonly action: ThresholdAction;
}

/** What happens to a call whose model has no price. */
export type UnpricedPolicy =
  | { readonly policy: "block" }
  /**
   * Counted at the stated rates per token and flagged; without rates only tokens and requests are
   * counted.
   */
  | { readonly policy: "allow"; readonly fallback: FallbackRates | null };

export interface Budget {
  readonly budgetId: string;
  readonly parentBudgetId: string | null;
  readonly budgetType: BudgetType;
  /** The value of the dimension, or `*`: each distinct value has its own counter. */
  readonly resourceId: string;
  /**
   * With `*`: count calls without a value too, all on one counter. Absent: they do not draw on the
   * budget.
   */
  readonly unattributed?: "count";
  /** In the smallest unit of the currency: pico-USD, tokens or requests. */
  readonly amount: bigint;
  readonly currency: Currency;
  readonly period: Period;
  /** IANA name; windows begin at local midnight (or the local hour). */
  readonly timeZone: string;
  /**
   * Shifts the start of a window: day of the month (1 to 28) for `month`, `quarter` and `year`, ISO
   * weekday (1 to 7) for `week`, hour of the day (0 to 23) for `day`, minute (0 to 59) for `hour`.
   * Defaults: 1, 1, 0, 0.
   */
  readonly anchor: number;
  /**
   * For `once`: the instants, in milliseconds, at which it opens (inclusive) and closes
   * (exclusive).
   */
  readonly start: number | null;
  readonly end: number | null;
  readonly policy: "hard" | "soft";
  /**
   * Of a hard budget: a call that it cannot pay waits at the gateway while a person is asked for
   * more money. Absent: it is refused at once.
   */
  readonly asks?: { readonly timeoutMs: number };
  /**
   * Of a hard budget: the last part of its limit, kept back for one closing call of each run. Absent:
   * nothing is kept back.
   */
  readonly reserveForClosing?: bigint;
  /** Ascending; each fires once per window. */
  readonly thresholds: readonly Threshold[];
  /**
   * When set, only calls to these models (or providers) count. Exact names, or prefixes ending in
   * `*`.
   */
  readonly models: readonly string[] | null;
  readonly providers: readonly string[] | null;
  readonly unpriced: UnpricedPolicy;
  /** Pooled budgets draw on their parent. Another mode is reserved for allotments. */
  readonly mode: "pooled";
}
