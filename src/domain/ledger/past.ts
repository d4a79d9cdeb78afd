/** Ended calls and counters no longer in memory, as looked up in the store. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Hold } from "./hold.ts";
import type { CounterState } from "./counter.ts";
import type { CallRoute, CallStatus, CounterKey, Quantities } from "./entry.ts";

/** One ended attempt of an operation. */
export interface PastAttempt {
  readonly attempt: number;
  /** The time of the hold. */
  readonly at: number;
  /** As in a {@link HoldEntry}. */
  readonly recordedAt?: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly ended: "settle" | "release" | "expire";
  /** For a settled attempt. */
  readonly status: CallStatus | null;
  readonly holdFingerprint: string | null;
  readonly settleFingerprint: string | null;
  /** The final held amount. */
  readonly held: Quantities;
  /** The charge; zero if it was not settled. */
  readonly cost: Quantities;
  /** The counters charged, or held on if nothing was charged. */
  readonly counters: readonly CounterKey[];
  /** Whether these differ from the hold's, because a budget changed before the charge did. */
  readonly hasMoved: boolean;
}

/**
 * Look-ups in a store. Both are synchronous: only ids supplied by callers and counters not in
 * memory are looked up.
 */
export interface History {
  /** Ended attempts of an operation, in order. */
  attempts(operationId: string): readonly PastAttempt[];
  /** The last persisted state of a counter; undefined if it never counted anything. */
  counter(key: CounterKey): CounterState | undefined;
}

/** For books that keep everything in memory. */
export const noHistory: History = { attempts: () => [], counter: () => undefined };

/** How a hold ended. */
interface End {
  readonly ended: PastAttempt["ended"];
  readonly status: CallStatus | null;
  readonly fingerprint: string | null;
  readonly cost: Quantities;
}

export function pastOf(hold: Hold, { ended, status, fingerprint, cost }: End): PastAttempt {
  const {
    attempt,
    at,
    recordedAt,
    attribution,
    route,
    fingerprint: holdFingerprint,
    amount: held,
    keys: counters,
  } = hold;
  return {
    attempt,
    at,
    ...(recordedAt !== undefined && { recordedAt }),
    attribution,
    route,
    ended,
    status,
    holdFingerprint,
    settleFingerprint: fingerprint,
    held,
    cost,
    counters,
    hasMoved: false,
  };
}
