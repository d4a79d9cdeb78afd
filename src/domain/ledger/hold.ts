/** An open hold: an amount reserved in budgets for a call in flight. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Counter } from "./counter.ts";
import type { CallId, CallRoute, ClosingUse, CounterKey, HoldEntry, Quantities } from "./entry.ts";

/** A hold that has not ended. */
export interface Hold extends CallId {
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  amount: Quantities;
  counters: readonly Counter[];
  keys: readonly CounterKey[];
  readonly expiresAt: number | null;
  readonly fingerprint: string | null;
  /** As in a {@link HoldEntry}. */
  readonly recordedAt?: number;
  /** As in a {@link HoldEntry}, with what top-ups added. */
  closing?: ClosingUse;
}

/** An open hold as persisted by a store across restarts. */
export type KeptHold = Omit<HoldEntry, "kind">;
