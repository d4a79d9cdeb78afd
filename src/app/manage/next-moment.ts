/** The moment from which a change of the prices applies. */

import { lastSetOf } from "../../domain/price/text/kept-price.ts";
import { lastChangeOf } from "../../domain/price/update/price-update.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";

export interface PriceClock {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, "prices" | "priceUpdates">;
}

/**
 * Not this millisecond: calls may have been held in it. Never before an earlier change, even if the
 * clock was set back: prices of the past stay as they were.
 */
export function nextMoment({ clock, ledger }: PriceClock): number {
  const last = Math.max(lastChangeOf(ledger.priceUpdates()), lastSetOf(ledger.prices()));
  return Math.max(clock.now(), last) + 1;
}
