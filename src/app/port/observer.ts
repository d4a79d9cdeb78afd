/** What use cases tell of themselves: figures and log lines. Nothing depends on the answer. */

import type { Outcome, ThresholdEntry } from "../../domain/ledger/entry.ts";
import type { RefusalReason } from "../../domain/ledger/command.ts";

export interface FailedCall {
  readonly provider: string;
  readonly status: number;
  /** Whether it was sent with the key that is configured for the provider, and not with its caller's own. */
  readonly withConfiguredKey: boolean;
}

export interface RefusedCall {
  readonly reason: RefusalReason;
  readonly budgetId: string;
  /** When the window of the budget ends; null where it never does. */
  readonly windowEnd: number | null;
}

export interface Observer {
  /** The provider began to answer so long after it was asked. */
  answered(call: { readonly provider: string; readonly seconds: number }): void;
  callEnded(call: { readonly provider: string; readonly model: string; readonly outcome: Outcome }): void;
  /** No price was known for a call that ended, and it was counted as nothing. Told besides `callEnded`, for each such call. */
  callUnpriced(call: { readonly provider: string; readonly model: string }): void;
  /** The provider answered with an error, or could not be reached, and nothing was charged. */
  callFailed(call: FailedCall): void;
  refused(refusal: RefusedCall): void;
  /** A header begins as Purser's do, and is none of them. Told for each call with it that is forwarded; `remedy` is a sentence. */
  headerIgnored(header: { readonly name: string; readonly remedy: () => string }): void;
  thresholdCrossed(threshold: ThresholdEntry): void;
  /** Something that must not happen, and was contained. */
  failed(what: string, error: unknown): void;
}
