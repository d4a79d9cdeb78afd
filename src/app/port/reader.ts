/** The port to the figures: questions about the past, answered from durable state. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type { CallId, CallRoute, CallStatus, RefusalEntry, ThresholdEntry } from "../../domain/ledger/entry.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { Charge } from "../../domain/price/rate.ts";
import type { ModelUsage, Usage, UsageFlag } from "../../domain/usage/usage.ts";

/** One attempt as the journal tells it, joined from its hold and its end. */
export interface CallRow extends CallId {
  /** Grows with time; a cursor is made of it. */
  readonly seq: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly status: CallStatus;
  readonly model: string;
  readonly usage: Usage;
  /** Of other models in the same call. */
  readonly parts: readonly ModelUsage[];
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  readonly reportedCost: PicoUsd | null;
  /** Ours, where the provider's own figure is the charge and the book has a price. */
  readonly computedCost?: PicoUsd;
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  readonly latencyMs: number;
  readonly priceVersion: string;
  /** Why the charge was corrected, and when, the last time; null for one that stands as it was made. */
  readonly correction: { readonly at: number; readonly reason: string } | null;
}

/** Every field narrows; absent ones do not. Times in milliseconds, `to` excluded. */
export interface CallFilter {
  readonly from?: number;
  readonly to?: number;
  /** Equal values of these dimensions (`project`, `tag:customer`); `unattributed` finds what has none. */
  readonly attribution?: Readonly<Record<string, string>>;
  readonly provider?: string;
  /** Calls of all providers but this one. */
  readonly exceptProvider?: string;
  readonly model?: string;
  /** `refused` finds refusals, which are no calls. */
  readonly status?: CallStatus | "refused";
  /** Leaves out calls that ended without a charge. */
  readonly charged?: true;
  /** One operation, as `operationOf` writes it. */
  readonly operation?: string;
  /** All operations that have this id, whosever they are. */
  readonly operationId?: string;
}

/** A call that a budget refused: nothing was forwarded. */
export interface RefusalRow extends Omit<RefusalEntry, "kind" | "needed"> {
  /** Grows with time; a cursor is made of it. */
  readonly seq: number;
}

/** A threshold that was crossed, as the journal tells it. */
export interface AlertRow extends Omit<ThresholdEntry, "kind"> {
  /** Grows with time; a cursor is made of it. */
  readonly seq: number;
}

/** By what a report splits its figures: `provider`, `model`, `endpoint`, `key`, `status`, a dimension, or `tag:NAME`. */
export type GroupKey = string;

/** Sums over a group of calls. Money is exact. */
export interface Totals {
  readonly group: Readonly<Record<string, string>>;
  /** Start of the bucket in milliseconds, for a series. */
  readonly bucket: number | null;
  /** Those that were charged. */
  readonly calls: number;
  /** Those that ended without a charge: the provider answered with an error, or was not reached. */
  readonly released: number;
  readonly refusals: number;
  readonly cost: PicoUsd;
  readonly usage: Usage;
  readonly latencyMs: number;
}

/** Sums over all calls of one key, of the charged ones. */
export interface KeyUseRow {
  readonly keyId: string;
  readonly calls: number;
  readonly cost: PicoUsd;
  /** The beginning of the hour (UTC) in which its last call ended, or was refused; in milliseconds since the epoch. */
  readonly lastUsedAt: number;
}

export interface VerifyReport {
  readonly entries: number;
  /** Entries on file that follow these, and are not booked yet: by the process that runs, or that starts next. */
  readonly staged: number;
  /** Sequence number of the first entry whose hash does not follow from the one before; null when the chain is whole. */
  readonly brokenAt: number | null;
  /** Counters whose kept balance is not what the journal gives. */
  readonly drift: readonly { readonly counter: string; readonly kept: string; readonly journal: string }[];
  /** Hours whose roll-up is not the sum of its calls. */
  readonly rollupDrift: readonly { readonly hour: string; readonly kept: string; readonly journal: string }[];
  /** Pages of the file that are not what was written there; the rest was not looked at then. */
  readonly damage: readonly string[];
  readonly ok: boolean;
}

/** Questions, answered from durable state and off the call path. */
export interface LedgerReader {
  /** Newest first. @param before Only rows with a smaller `seq`. */
  calls(filter: CallFilter, page: { readonly limit: number; readonly before: number | null }): Promise<readonly CallRow[]>;
  /** Newest first, whatever status the filter names. @param before Only rows with a smaller `seq`. */
  refusals(filter: CallFilter, page: { readonly limit: number; readonly before: number | null }): Promise<readonly RefusalRow[]>;
  /**
   * @param by Dimensions to split by, such as `["provider"]` or `["project", "model"]`; a call without a value counts as `unattributed`.
   * @param bucketMs Length of a time bucket (a multiple of an hour), aligned to `offsetMs`; null for one bucket.
   */
  totals(filter: CallFilter, by: readonly GroupKey[], bucketMs: number | null): Promise<readonly Totals[]>;
  /** What each key was used for that ever made a call. */
  keyUses(): Promise<readonly KeyUseRow[]>;
  /** Thresholds that were crossed, newest first. @param before Only rows with a smaller `seq`. */
  alerts(page: { readonly budgetId: string | null; readonly limit: number; readonly before: number | null }): Promise<readonly AlertRow[]>;
  /** Recomputes everything from the journal. @param progress Called with the share done, 0 to 1. */
  verify(progress?: (share: number) => void): Promise<VerifyReport>;
  /** Looks through the pages of the file. @returns What is damaged; nothing when it is whole. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}
