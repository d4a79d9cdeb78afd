/** A call that is held and about to be forwarded. */

import type { Quantities } from "../../domain/ledger/entry.ts";
import type { FallbackRates } from "../../domain/price/row/rate.ts";
import type { PriceBook } from "../../domain/price/sheet.ts";
import type { UsageMeter } from "../../wire/wire.ts";
import type { Estimate } from "../hold/estimate.ts";
import type { InputCount } from "../hold/input-count.ts";
import type { CallToSettle } from "../settle/settle.ts";

export interface ForwardedCall extends CallToSettle {
  /** Whether it is sent with the provider's configured key, not with the caller's own. */
  readonly withConfiguredKey: boolean;
  readonly estimate: Estimate;
  readonly input: InputCount;
  /** The time of its estimate: the hold is decided and stored later. */
  readonly heldAt: number;
  /** The book that its estimate was made with. */
  readonly prices: PriceBook;
  /** In monotonic time. */
  readonly startedAt: number;
  /** The first hold; it grows with top-ups. */
  readonly held: Quantities;
  /** What the caller asked for, as `PROVIDER/MODEL`; null if that is what serves. */
  readonly askedTitle: string | null;
  /** The reduced output limit for one choice; null if it was not reduced. */
  readonly reducedMaxTokens: number | null;
  readonly fallback: FallbackRates | null;
  readonly meter: UsageMeter;
  /** Whether the caller's client shows only the stop reason of a stream that was cut. */
  readonly showsOnlyReason: boolean;
}
