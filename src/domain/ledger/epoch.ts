/** Epochs: instants at which figures of a scope restart from zero. */

import type { Attribution } from "../attribution/attribution.ts";

export interface Epoch {
  /** `epoch-1`, `epoch-2`, ... in the order of the journal. */
  readonly epochId: string;
  readonly name: string | null;
  /** Whose figures restart from zero; empty for all. */
  readonly attribution: Attribution;
  /** The id of the key, or `admin`. */
  readonly by: string;
  readonly note: string | null;
}

/** An epoch, and when it began, in milliseconds since the epoch of Unix. */
export interface KeptEpoch extends Epoch {
  readonly startedAt: number;
}
