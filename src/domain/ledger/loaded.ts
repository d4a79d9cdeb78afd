/** State that was loaded from a ledger on a server, as plain data. */

import type { CounterState } from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import type { KeptHold } from "./hold.ts";
import type { PastAttempt } from "./past.ts";

/** The state that a `Needs` names. */
export interface Loaded {
  readonly operations: readonly LoadedOperation[];
  /** Every counter that is needed, those that were never used included. */
  readonly counters: readonly LoadedCounter[];
  readonly keys: readonly LoadedKey[];
  /** All open holds, or those that have lapsed. */
  readonly holds: readonly KeptHold[];
}

export interface LoadedOperation {
  readonly operationId: string;
  readonly hold: KeptHold | null;
  readonly past: readonly PastAttempt[];
}

export interface LoadedCounter {
  readonly key: CounterKey;
  readonly state: CounterState;
}

/** What a key holds in holds that can lapse. */
export interface LoadedKey {
  readonly keyId: string;
  readonly holds: number;
  readonly held: readonly { readonly counter: CounterKey; readonly amount: bigint }[];
}
