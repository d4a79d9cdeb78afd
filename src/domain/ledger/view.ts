/** What a decision may read of a ledger's state. */

import type { Window } from "../budget/window.ts";
import type { Budget } from "../budget/budget.ts";
import type { KeptPrice } from "../price/text/kept-price.ts";
import type { KeptPriceUpdate } from "../price/update/price-update.ts";
import type { Applied, CallSubject } from "./applicable.ts";
import type { Counter, Pause } from "./counter.ts";
import type { CounterKey } from "./entry.ts";
import type { Hold } from "./hold.ts";
import type { PastAttempt } from "./past.ts";
import type { BudgetsAndKeys } from "./recount.ts";
import type { KeptAlert } from "../rule/alert.ts";
import type { KeptRule } from "../rule/rule.ts";
import type { KeptEpoch } from "./epoch.ts";
import type { ExportState } from "./export-run.ts";
import type { Recounted } from "./registry.ts";

/**
 * `Books` has the whole state. `LoadedBooks` has the part that one batch of commands needs, fetched
 * from a server before they are decided.
 */
export interface LedgerView extends BudgetsAndKeys {
  /** Prices set over the API, the oldest first. */
  readonly prices: readonly KeptPrice[];
  /** Refreshes of the price book by id, the oldest first. */
  readonly priceUpdates: ReadonlyMap<string, KeptPriceUpdate>;
  /** The pauses of a budget in force, oldest first. */
  pausesOf(budgetId: string): readonly Pause[];
  /** The pause by people and rules that applies to a value of a budget, or to the whole budget. */
  pauseOf(budgetId: string, value: string | null): Pause | null;
  /** Rules of alerts by id. */
  readonly rules: ReadonlyMap<string, KeptRule>;
  /** The last alert of each rule and value, by `alertKey`. */
  readonly alerts: ReadonlyMap<string, KeptAlert>;
  /** The oldest first. */
  readonly epochs: readonly KeptEpoch[];
  /** The last runs of each scheduled export, by its name. */
  readonly exports: ReadonlyMap<string, ExportState>;
  /** @param at When the call was held, in milliseconds since the epoch. */
  recounted(budgetId: string, at: number): Recounted;
  /** The budgets that apply to a call and their counters at this time, narrowest first. */
  applied(subject: CallSubject, at: number): readonly Applied[];
  /** The counter of a key. One that was never used is zero, the same as a missing one. */
  counter(key: CounterKey): Counter;
  /** The counters of a budget in one window. Those that were never used may be missing. */
  countersIn(budget: Budget, window: Window): readonly Counter[];
  openHold(operationId: string): Hold | undefined;
  openHolds(): Iterable<Hold>;
  /** Ended attempts of an operation, in order. */
  past(operationId: string): readonly PastAttempt[];
  /** The number of open holds of a key that can lapse. */
  holdsOfKey(keyId: string): number;
  /** How much of a counter a key holds in holds that can lapse, in the counter's unit. */
  heldByKey(keyId: string, counter: Counter): bigint;
  /** The open holds that have lapsed at this time. */
  expiredBy(at: number): readonly Hold[];
}
