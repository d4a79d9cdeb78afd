/** What the books remember of calls that have ended, and of counters that are not in memory. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Hold } from "./hold.ts";
import type { CounterState } from "./counter.ts";
import type { CallRoute, CallStatus, CounterKey, Quantities } from "./entry.ts";

/** One ended attempt of an operation. */
export interface PastAttempt {
  readonly attempt: number;
  /** When it was held. */
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly ended: "settle" | "release" | "expire";
  /** Of a settled one. */
  readonly status: CallStatus | null;
  readonly holdFingerprint: string | null;
  readonly settleFingerprint: string | null;
  /** What was held in the end. */
  readonly held: Quantities;
  /** What was charged; nothing for the others. */
  readonly cost: Quantities;
  /** Those that it was charged on, or held on where nothing was charged. */
  readonly counters: readonly CounterKey[];
  /** Whether these are no longer those of the hold, because a budget changed before the charge did. */
  readonly hasMoved: boolean;
}

/** What a store can look up. Both answer at once: they are asked only for ids that callers supplied and for counters first met. */
export interface History {
  /** Ended attempts of an operation, in order. */
  attempts(operationId: string): readonly PastAttempt[];
  /** A counter as it was last kept; undefined when nothing was ever counted. */
  counter(key: CounterKey): CounterState | undefined;
}

/** The history of a ledger that begins empty. */
export const noHistory: History = { attempts: () => [], counter: () => undefined };

/** How a hold ended. */
interface End {
  readonly ended: PastAttempt["ended"];
  readonly status: CallStatus | null;
  readonly fingerprint: string | null;
  readonly cost: Quantities;
}

export function pastOf(hold: Hold, { ended, status, fingerprint, cost }: End): PastAttempt {
  const { attempt, at, attribution, route, fingerprint: holdFingerprint, amount: held, keys: counters } = hold;
  return {
    attempt,
    at,
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
