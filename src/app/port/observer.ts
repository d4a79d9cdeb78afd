/** Port for metrics and log lines about calls. No behaviour depends on it. */

import type { Outcome, ThresholdEntry } from "../../domain/ledger/entry.ts";
import type { RefusalReason } from "../../domain/ledger/command.ts";

export interface FailedCall {
  readonly provider: string;
  readonly status: number;
  /** Whether the provider's configured key was used, not the caller's own. */
  readonly withConfiguredKey: boolean;
}

export interface RefusedCall {
  readonly reason: RefusalReason;
  readonly budgetId: string;
  /** When the budget's window ends; null if never. */
  readonly windowEnd: number | null;
}

export type PriceCheck = "applied" | "unchanged" | "checked" | "refused" | "failed";

export interface Observer {
  /** Time to first byte, in seconds. */
  answered(call: { readonly provider: string; readonly seconds: number }): void;
  callEnded(call: {
    readonly provider: string;
    readonly model: string;
    readonly outcome: Outcome;
  }): void;
  /**
   * A finished call had no known price and was counted as 0. Reported in addition to `callEnded`,
   * once per call.
   */
  callUnpriced(call: { readonly provider: string; readonly model: string }): void;
  /** The provider answered with an error or could not be reached; nothing was charged. */
  callFailed(call: FailedCall): void;
  refused(refusal: RefusedCall): void;
  /**
   * An unknown header has Purser's prefix. Reported for each forwarded call; `remedy` returns a
   * sentence.
   */
  headerIgnored(header: { readonly name: string; readonly remedy: () => string }): void;
  thresholdCrossed(threshold: ThresholdEntry): void;
  /** The schedule took a price list, refused it, or could not get it. */
  pricesChecked(update: { readonly result: PriceCheck; readonly message: string }): void;
  /** An internal error that was contained. */
  failed(what: string, error: unknown): void;
}
