/** What a call needs from outside, and a call as it arrives at the gateway. */

import type { Caller, Headers, Identification } from "../caller/identify.ts";
import type { InFlight } from "../caller/in-flight.ts";
import type { Scouts } from "../hold/scouts.ts";
import type { Belongings } from "../port/belongings.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallLimits } from "../port/limits.ts";
import type { TokenCounter } from "../port/token-counter.ts";
import type { Upstream } from "../port/upstream.ts";
import type { Router } from "../route/router.ts";
import type { ServedModel } from "../route/served-models.ts";
import type { Target } from "../route/target.ts";
import type { ExchangeContext } from "./exchange.ts";

export interface CallContext extends ExchangeContext {
  readonly ledger: Ledger;
  readonly identification: Identification;
  readonly router: Router;
  readonly limits: CallLimits;
  /** Whether simulated money is kept apart from real money. */
  readonly simulatedApart?: boolean;
  readonly upstream: Upstream;
  readonly inFlight: InFlight;
  readonly scouts: Scouts;
  readonly counter: TokenCounter;
  readonly belongings: Belongings;
  /** Every model that the server can serve, for any caller. */
  readonly models: () => readonly ServedModel[];
}

/** A call whose caller is identified, whose path is understood and whose body has arrived. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly target: Target;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Why a call that is billed by unit is not metered. */
  readonly unpriced?: UnpricedUnit;
}

/** A model without a price for what its call can be billed by. */
export interface UnpricedUnit {
  readonly provider: string;
  readonly model: string;
  /** A meter that would price it. */
  readonly meter: string;
  /** Whether a price in tokens would do, too. */
  readonly inTokens: boolean;
}
