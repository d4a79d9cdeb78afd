/** Announces the end of a call with a charge to the observer. */

import type { Outcome } from "../../domain/ledger/entry.ts";
import type { Observer } from "../port/observer.ts";
import { lacksPrice } from "./unpriced.ts";

/** To whom ends of calls are announced. */
export interface EndAudience {
  readonly observer: Pick<Observer, "callEnded" | "callUnpriced">;
}

/**
 * Call this for each call that was settled, at the gateway and over the API; not for corrections.
 */
export function announceEnd(
  { observer }: EndAudience,
  { provider, outcome }: { readonly provider: string; readonly outcome: Outcome },
): void {
  const ended = { provider, model: outcome.model, outcome };
  observer.callEnded(ended);
  if (lacksPrice(outcome)) observer.callUnpriced(ended);
}
