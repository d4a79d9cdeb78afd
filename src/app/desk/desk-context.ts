/** The context of holds over the API, and the limits of the keys that make them. */

import { isLimited, type Key } from "../../domain/key/key.ts";
import type { Share } from "../../domain/ledger/command.ts";
import type { Audience } from "../hold/announce.ts";
import type { EndAudience } from "../settle/announce-end.ts";
import type { PricingContext } from "./look-up-price.ts";
import type { HoldLimits } from "../port/limits.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { LedgerReader } from "../port/reader.ts";

export interface DeskContext extends PricingContext, Audience, EndAudience {
  readonly observer: Audience["observer"] & EndAudience["observer"];
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly clock: Clock;
  readonly holdLimits: HoldLimits;
}

/** The endpoint of calls that do not pass the gateway, in the ledger. */
export const apiEndpoint = "api";

/** How much of each budget the key may hold. */
export function shareOf(
  { holdSharePercent: percent, openHoldsPerKey: mostHolds }: HoldLimits,
  key: Key | null,
): { readonly share?: Share } {
  return isLimited(key)
    ? { share: { keyId: key.keyId, attribution: key.attribution, percent, mostHolds } }
    : {};
}
