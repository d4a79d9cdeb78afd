/** What the load generator is asked to do, and what it answers. Contract between its process and the benchmarks. */

import type { Distribution } from "../report/statistics.ts";

export interface RequestSpec {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** About so many bytes of messages, as an agent's history is. */
  readonly promptBytes: number;
  readonly maxTokens: number;
  readonly stream: boolean;
}

/** Clients that do the same. */
export interface LoadGroup {
  readonly name: string;
  /** Connections: in a closed loop each has one call under way; in an open loop at most so many are under way. */
  readonly clients: number;
  /** Open loop: so many calls a second are due, whatever the answers do, and latency counts from when one was due. Null: closed loop. */
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
  /** Calls that ended with status 200 in the measured time. */
  readonly calls: number;
  readonly seconds: number;
  /** All that ended, those of the warm-up and those that failed included. */
  readonly ended: number;
  /** By status; 0 for a connection that broke. */
  readonly statuses: Readonly<Record<string, number>>;
  /** The beginning of the first answer that was not 200. */
  readonly firstError: string | null;
  readonly latency: Distribution;
  /** From the request to the first event of a stream. */
  readonly firstToken: Distribution;
  /** Between arrivals of a stream's events. */
  readonly gap: Distribution;
  /** The fewest and the most events in one stream: the same for all when nothing was lost. */
  readonly events: { readonly least: number | null; readonly most: number | null };
}

export interface LoadResult {
  readonly groups: readonly GroupResult[];
}
