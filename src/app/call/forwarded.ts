/** A call that is held and about to be forwarded. */

import type { FallbackRates } from "../../domain/price/rate.ts";
import type { Quantities } from "../../domain/ledger/entry.ts";
import type { UsageMeter } from "../../wire/wire.ts";
import type { Estimate } from "../hold/estimate.ts";
import type { HeldCall } from "../settle/settle.ts";
import type { InputCount } from "../hold/input-count.ts";

export interface Forwarded extends HeldCall {
  /** Whether it is sent with the key that is configured for the provider, and not with its caller's own. */
  readonly withConfiguredKey: boolean;
  readonly estimate: Estimate;
  readonly input: InputCount;
  readonly heldAt: number;
  /** In monotonic time. */
  readonly startedAt: number;
  /** What was held at first; it grows with top-ups. */
  readonly held: Quantities;
  /** Output tokens for one choice, where fewer were asked of the provider than of Purser; else null. */
  readonly fitted: number | null;
  readonly fallback: FallbackRates | null;
  readonly meter: UsageMeter;
  /** Whether the caller's client shows of a cut stream nothing but its stop reason. */
  readonly showsOnlyReason: boolean;
}
