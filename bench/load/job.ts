/** Messages between the benchmarks and the load generator process: the job, and its results. */

import type { Distribution } from "../report/statistics.ts";

export interface RequestSpec {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** Approximate size of the messages in bytes, like an agent's history. */
  readonly promptBytes: number;
  readonly maxTokens: number;
  readonly stream: boolean;
}

/** A group of clients with the same behaviour. */
export interface LoadGroup {
  readonly name: string;
  /**
   * Connections. In a closed loop each has one call in flight; in an open loop this is the most in
   * flight.
   */
  readonly clients: number;
  /**
   * Open loop: calls due per second, regardless of answers; latency counts from when a call is due.
   * Null: closed loop.
   */
  readonly ratePerSecond: number | null;
  readonly request: RequestSpec;
}

export interface LoadJob {
  readonly port: number;
  readonly warmupMs: number;
  /** Null: each client makes one call, all at once. */
  readonly measureMs: number | null;
  readonly groups: readonly LoadGroup[];
}

/** Times in milliseconds. */
export interface GroupResult {
  readonly name: string;
  /** Calls that ended with status 200 within the measured time. */
  readonly calls: number;
  readonly seconds: number;
  /** All calls that ended, including warm-up and failed ones. */
  readonly ended: number;
  /** Calls by status; 0 for a broken connection. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The beginning of the first response other than 200. */
  readonly firstError: string | null;
  readonly latency: Distribution;
  /** Time from the request to the first event of a stream. */
  readonly firstToken: Distribution;
  /** Time between arrivals of a stream's events. */
  readonly gap: Distribution;
  /** The fewest and most events in a stream; equal if nothing was lost. */
  readonly events: { readonly least: number | null; readonly most: number | null };
}

export interface LoadResult {
  readonly groups: readonly GroupResult[];
}
