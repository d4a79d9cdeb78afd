/** Port to the reports: queries about the past, answered from durable state. */

import type { Attribution } from "../../domain/attribution/attribution.ts";
import type {
  CallId,
  CallRoute,
  CallStatus,
  RefusalEntry,
  ThresholdEntry,
} from "../../domain/ledger/entry.ts";
import type { LatencyCounts } from "../../domain/latency/latency-bucket.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { Charge } from "../../domain/price/row/rate.ts";
import type { ModelUsage, Usage, UsageFlag } from "../../domain/usage/usage.ts";

/** One attempt from the journal, joined from its hold and its end. */
export interface CallRow extends CallId {
  /** Grows with time; cursors are made from it. */
  readonly seq: number;
  readonly startedAt: number;
  /** When it was recorded, if it was metered elsewhere and recorded afterwards. */
  readonly recordedAt?: number;
  readonly endedAt: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly status: CallStatus;
  readonly model: string;
  readonly usage: Usage;
  /** Usage of other models in the same call. */
  readonly parts: readonly ModelUsage[];
  readonly charges: readonly Charge[];
  readonly cost: PicoUsd;
  readonly reportedCost: PicoUsd | null;
  /** Our own figure, if the provider's is the charge and the price book has a price. */
  readonly computedCost?: PicoUsd;
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  /** 0 if it is unknown. */
  readonly latencyMs: number;
  readonly priceVersion: string;
  /** Time and reason of the last correction; null if the charge was never corrected. */
  readonly correction: { readonly at: number; readonly reason: string } | null;
}

/** A correction of a charge, with the call as it was before and after. */
export interface CorrectionRow {
  /** Grows with time; cursors are made from it. */
  readonly seq: number;
  /** When it was booked. */
  readonly at: number;
  readonly before: CallRow;
  readonly after: CallRow;
}

/** Which corrections: of the calls of a filter, booked in a range of time. */
export interface CorrectionFilter extends CallFilter {
  readonly bookedFrom?: number;
  /** Exclusive. */
  readonly bookedTo?: number;
}

/**
 * Each field narrows the result; absent fields do not. Times are in milliseconds, `to` is
 * exclusive.
 */
export interface CallFilter {
  readonly from?: number;
  readonly to?: number;
  /**
   * Required values of these dimensions (`project`, `tag:customer`); `unattributed` finds calls
   * without one.
   */
  readonly attribution?: Readonly<Record<string, string>>;
  /** Any of these values of a dimension. */
  readonly among?: { readonly dimension: string; readonly values: ReadonlySet<string> };
  readonly provider?: string;
  /** All providers except this one. */
  readonly exceptProvider?: string;
  readonly model?: string;
  readonly endpoint?: string;
  /** `unattributed` finds calls without a key. */
  readonly keyId?: string;
  /** `refused` finds refusals, which are not calls. */
  readonly status?: CallStatus | "refused";
  /** Leaves out calls that ended without a charge. */
  readonly charged?: true;
  /** One operation, in the form that `operationOf` returns. */
  readonly operation?: string;
  /** All operations with this id, of any key. */
  readonly operationId?: string;
}

/** A call refused by a budget; nothing was forwarded. */
export interface RefusalRow extends Omit<RefusalEntry, "kind" | "needed"> {
  /** Grows with time; cursors are made from it. */
  readonly seq: number;
}

/** A crossed threshold, from the journal. */
export interface AlertRow extends Omit<ThresholdEntry, "kind"> {
  /** Grows with time; cursors are made from it. */
  readonly seq: number;
}

/**
 * A field to group by: `provider`, `model`, `endpoint`, `key`, `status`, a dimension, or
 * `tag:NAME`.
 */
export type GroupKey = string;

/**
 * How sums are divided by time: one bucket (null); buckets of a length in milliseconds, a multiple of
 * an hour, aligned to the epoch; or buckets that begin at these times, in order, of which the last
 * is the end of all.
 */
export type Buckets = number | null | readonly number[];

/** Sums over calls and charges. Amounts are exact. */
export interface Figures {
  /** Charged calls of models. */
  readonly calls: number;
  /** Charges that are no model call, such as those of tools. */
  readonly charges: number;
  /** Calls without a charge: the provider answered with an error, or was not reached. */
  readonly released: number;
  readonly refusals: number;
  /** Of calls and charges. */
  readonly cost: PicoUsd;
  /** The part of `cost` that is of charges. */
  readonly chargeCost: PicoUsd;
  readonly usage: Usage;
  readonly latencyMs: number;
  /** The calls whose latency is known: an average is over these. */
  readonly timed: number;
}

/** Sums over a group of calls. */
export interface GroupFigures extends Figures {
  readonly group: Readonly<Record<string, string>>;
}

export interface Totals extends GroupFigures {
  /** Start of the bucket in milliseconds, in a series. */
  readonly bucket: number | null;
}

/** How often each latency occurred in a group of charged calls: unknown ones are missing. */
export interface LatencyTotals {
  readonly group: Readonly<Record<string, string>>;
  /** Start of the bucket in milliseconds, in a series. */
  readonly bucket: number | null;
  /** Calls that ended before the ledger kept these counts are missing. */
  readonly counts: LatencyCounts;
}

/** A field whose values are counted in each group of calls. */
export interface DistinctQuery {
  readonly by: readonly GroupKey[];
  /** Such as `task`. */
  readonly of: GroupKey;
  /** Groups, each by its values in the order of `by`; all others are counted together. */
  readonly kept: readonly (readonly string[])[] | null;
  /** Counts each part of the filter's range, instead of all of it at once. */
  readonly steps?: DistinctSteps;
}

export interface DistinctSteps {
  /** The exclusive ends of the parts, in order; each part begins where the one before ends. */
  readonly ends: readonly number[];
  /** Whether each part begins with the range. */
  readonly isCumulative: boolean;
}

/** The charged calls, and charges, of a group that have a value of a field. */
export interface DistinctTotals {
  /** Null for all groups that are not kept. */
  readonly group: Readonly<Record<string, string>> | null;
  /** Of the part, if parts are counted. */
  readonly end?: number;
  readonly distinct: number;
  /** Of models. */
  readonly calls: number;
  /** Of calls and charges. */
  readonly cost: PicoUsd;
}

/** Sums over all charged calls and charges of one key. */
export interface KeyUseRow {
  readonly keyId: string;
  /** Of models. */
  readonly calls: number;
  /** Of calls and charges. */
  readonly cost: PicoUsd;
  /**
   * Start of the hour (UTC) in which its last call ended or was refused, in milliseconds since the
   * epoch.
   */
  readonly lastUsedAt: number;
}

export interface VerifyReport {
  readonly entries: number;
  /**
   * Later entries in the file that are not booked yet; the running process, or the next one, books
   * them.
   */
  readonly staged: number;
  /** Sequence number of the first entry that breaks the hash chain; null if the chain is intact. */
  readonly brokenAt: number | null;
  /** Counters whose stored balance differs from the journal's. */
  readonly drift: readonly {
    readonly counter: string;
    readonly kept: string;
    readonly journal: string;
  }[];
  /** Hours whose roll-up differs from the sum of its calls. */
  readonly rollupDrift: readonly {
    readonly hour: string;
    readonly kept: string;
    readonly journal: string;
  }[];
  /** Corrupt pages of the file. If there are any, nothing else was checked. */
  readonly damage: readonly string[];
  readonly ok: boolean;
}

/** Queries, answered from durable state and off the call path. */
export interface LedgerReader {
  /** Newest first. @param before Only rows with a smaller `seq`. */
  calls(
    filter: CallFilter,
    page: { readonly limit: number; readonly before: number | null },
  ): Promise<readonly CallRow[]>;
  /**
   * The rows of these requests, oldest first: all attempts of the operations with their ids, of any
   * key, and all charges that name them.
   */
  requestLines(filter: CallFilter, requestIds: readonly string[]): Promise<readonly CallRow[]>;
  /** Newest first; status and operation are ignored. @param before Only rows with a smaller `seq`. */
  corrections(
    filter: CorrectionFilter,
    page: { readonly limit: number; readonly before: number | null },
  ): Promise<readonly CorrectionRow[]>;
  /** Newest first; the filter's status is ignored. @param before Only rows with a smaller `seq`. */
  refusals(
    filter: CallFilter,
    page: { readonly limit: number; readonly before: number | null },
  ): Promise<readonly RefusalRow[]>;
  /**
   * @param by Fields to group by, such as `["provider"]` or `["project", "model"]`; a call without
   *   a value counts as `unattributed`.
   */
  totals(filter: CallFilter, by: readonly GroupKey[], buckets: Buckets): Promise<readonly Totals[]>;
  /** The same groups and buckets; groups without a known latency are left out. */
  latencies(
    filter: CallFilter,
    by: readonly GroupKey[],
    buckets: Buckets,
  ): Promise<readonly LatencyTotals[]>;
  /** Groups without any value are left out. */
  distinct(filter: CallFilter, query: DistinctQuery): Promise<readonly DistinctTotals[]>;
  /** Usage of every key that ever made a call. */
  keyUses(): Promise<readonly KeyUseRow[]>;
  /** Crossed thresholds, newest first. @param before Only rows with a smaller `seq`. */
  alerts(page: {
    readonly budgetId: string | null;
    readonly limit: number;
    readonly before: number | null;
  }): Promise<readonly AlertRow[]>;
  /** Recomputes everything from the journal. @param progress Called with the share done, 0 to 1. */
  verify(progress?: (share: number) => void): Promise<VerifyReport>;
  /** Checks the pages of the file. @returns The damage found; empty if there is none. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}
