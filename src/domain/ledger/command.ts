/**
 * The commands of the ledger. A store decides them one at a time and commits the changes of each
 * atomically.
 */

import type { CeilingRates, FallbackRates } from "../price/row/rate.ts";
import type { PriceOverride } from "../price/text/override.ts";
import type { KeptPrice } from "../price/text/kept-price.ts";
import type { KeptPriceUpdate, PriceUpdate } from "../price/update/price-update.ts";
import type { Attribution } from "../attribution/attribution.ts";
import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PicoUsd } from "../money/money.ts";
import type { AskBudgetCommand, ControlAnswerOf, ControlCommand } from "./control-command.ts";
import type { Balance } from "./counter.ts";
import type { Epoch, KeptEpoch } from "./epoch.ts";
import type { ExportRun } from "./export-run.ts";
import type { CallId, CallRoute, Counted, Outcome, Quantities, ThresholdEntry } from "./entry.ts";
import type { Alert, KeptAlert } from "../rule/alert.ts";
import type { Rule } from "../rule/rule.ts";

/**
 * What a call may cost, split into parts: a decision can fit the output to what the budgets can
 * pay.
 */
export interface Demand {
  /** Input, tool fees and the request itself: always held. */
  readonly fixed: Quantities;
  /** Null when the model has no price: the budgets' policy then decides. */
  readonly perOutputToken: PicoUsd | null;
  /** Output tokens to hold now: the whole ceiling, or the first slice of a stream. */
  readonly outputTokens: number;
  /** The minimum output that is useful to the caller. At most `outputTokens`. */
  readonly leastOutputTokens: number;
  /**
   * Output that all budgets must be able to pay, although not all is held now. Defaults to
   * `leastOutputTokens`.
   */
  readonly payableOutputTokens?: number;
  /**
   * Whether this is far above the likely bill. A loose hold leaves half of the unspent amount to
   * counted holds.
   */
  readonly loose?: boolean;
  /** Input tokens in `fixed`, priced at a fallback rate when `perOutputToken` is null. */
  readonly inputTokens: number;
  /** Of other models without a price that may run too: also priced at a fallback rate. */
  readonly besides?: TokensBesides;
  /** For a model without a price: what a budget holds that needs one. */
  readonly ceiling?: DemandCeiling;
}

export interface TokensBesides {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface DemandCeiling {
  readonly rates: FallbackRates;
  /** Tool fees and the fee per request. */
  readonly fees: PicoUsd;
}

/** Limits how much of a shared budget one key may tie up in holds that it creates itself. */
export interface Share {
  readonly keyId: string;
  /**
   * The attribution fixed by the key. It may hold all of a budget that applies to this attribution
   * alone.
   */
  readonly attribution: Attribution;
  /** Of each budget that others also draw on. */
  readonly percent: number;
  /** The maximum number of open holds. */
  readonly mostHolds: number;
}

export interface HoldCommand {
  readonly kind: "hold";
  readonly at: number;
  readonly operationId: string;
  /**
   * `new`: the id was generated here and cannot be in the ledger. `next`: another attempt, if the
   * previous one has ended. `only`: a repeat gets the first answer again, or a conflict if the
   * fingerprint differs.
   */
  readonly repeat: "new" | "next" | "only";
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Budgets added by the key. */
  readonly budgets: readonly string[];
  readonly demand: Demand;
  readonly expiresAt: number | null;
  readonly fingerprint: string | null;
  /**
   * Whether a refusal goes to the caller, and is recorded; false if the same call will be retried.
   */
  readonly final: boolean;
  /**
   * For a hold that the caller creates and ends itself: how much of each budget the key may hold.
   */
  readonly share?: Share;
  /** Whether the caller asks people for more money, and does not take a refusal yet. */
  readonly asks?: true;
  /** The run of which this is the closing call ({@link runOf}). */
  readonly closing?: string;
}

export interface TopUpCommand extends CallId {
  readonly kind: "top_up";
  readonly at: number;
  /** Zero, to check whether the hold may continue unchanged. */
  readonly amount: Quantities;
  /** As in a {@link Demand}. */
  readonly loose?: boolean;
  /** As in a hold. */
  readonly share?: Share;
}

export interface SettleCommand extends CallId {
  readonly kind: "settle";
  readonly at: number;
  readonly outcome: Outcome;
  readonly fingerprint: string | null;
  /**
   * The payer reports the cost itself: the charge is limited to what was held and what its budgets
   * have left.
   */
  readonly selfReported?: true;
}

/**
 * Charges money that was spent without a hold: usage metered elsewhere, and costs that are no model
 * call. It is never refused for lack of money, which is gone: what goes past a limit is an overrun.
 */
export interface RecordCommand {
  readonly kind: "record";
  /** When it is recorded. */
  readonly at: number;
  /**
   * When the money was spent, at most `at`. Sums and reports show it at this time. A budget counts
   * it if its window at `at` includes this time: windows that are over do not change.
   */
  readonly startedAt: number;
  readonly operationId: string;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Budgets added by the key. */
  readonly budgets: readonly string[];
  readonly outcome: Outcome;
  /**
   * SHA-256 of the request in hex. A repeat gets the first answer again; another body with the same
   * operation id is a conflict.
   */
  readonly fingerprint: string;
  /** The payer reports the cost itself: the charge is limited to what its budgets have left. */
  readonly selfReported?: true;
  /** The open hold whose amount includes the cost: the charge takes it over. */
  readonly coveredBy?: CallId;
}

/** Replaces the charge of an ended call, however it ended. */
export interface CorrectCommand extends CallId {
  readonly kind: "correct";
  readonly at: number;
  readonly amount: PicoUsd;
  /** The original outcome, with the lines of the new bill. */
  readonly outcome: Omit<Outcome, "cost">;
  readonly reason: string;
  readonly fingerprint: string;
}

export interface ReleaseCommand extends CallId {
  readonly kind: "release";
  readonly at: number;
  readonly reason: string;
}

/** Ends the holds that have expired. */
export interface ExpireCommand {
  readonly kind: "expire";
  readonly at: number;
}

export interface PutBudgetCommand {
  readonly kind: "put_budget";
  readonly at: number;
  readonly budget: Budget;
  /** `create` refuses an existing id, `replace` an unknown one, `put` neither. */
  readonly when: "create" | "replace" | "put";
  /** The cost of calls in the windows to recount (`countingFor`). The store fills it in. */
  readonly counted?: readonly Counted[];
}

export interface DeleteBudgetCommand {
  readonly kind: "delete_budget";
  readonly at: number;
  readonly budgetId: string;
}

export interface PutKeyCommand {
  readonly kind: "put_key";
  readonly at: number;
  readonly key: Key;
}

export interface PutPriceCommand {
  readonly kind: "put_price";
  readonly at: number;
  readonly price: PriceOverride;
}

/** Ends a price that was set over the API. */
export interface RemovePriceCommand {
  readonly kind: "remove_price";
  readonly at: number;
  readonly priceId: string;
}

/** Refreshes the price book. */
export interface UpdatePricesCommand {
  readonly kind: "update_prices";
  readonly at: number;
  readonly update: PriceUpdate;
  /** The state of the book that was compared ({@link stateOf}). Another one is a conflict. */
  readonly after: string | null;
}

/** Ends the prices of an update. */
export interface RevertPricesCommand {
  readonly kind: "revert_prices";
  readonly at: number;
  readonly updateId: string;
}

/** Sets or deletes a rule of alerts. */
export interface PutRuleCommand {
  readonly kind: "put_rule";
  readonly at: number;
  readonly rule: Rule;
  readonly deleted: boolean;
}

/** Fires a rule, once per window, and pauses the budget that its action names. */
export interface FireRuleCommand {
  readonly kind: "fire_rule";
  readonly at: number;
  /** Of the rule that was evaluated: under a newer condition, the alert does not fire. */
  readonly since: number;
  readonly alert: Alert;
}

/** Acknowledges the last alert of a rule for a value. */
export interface AcknowledgeRuleCommand {
  readonly kind: "acknowledge_rule";
  readonly at: number;
  readonly ruleId: string;
  readonly value: string;
  readonly by: string;
  readonly note: string | null;
}

/** Sends an alert on that was not acknowledged, once. */
export interface EscalateRuleCommand {
  readonly kind: "escalate_rule";
  readonly at: number;
  readonly ruleId: string;
  readonly value: string;
}

/** Restarts the figures of a scope from zero. */
export interface StartEpochCommand {
  readonly kind: "start_epoch";
  readonly at: number;
  readonly epoch: Omit<Epoch, "epochId">;
}

/** Records the end of a run of a scheduled export. */
export interface EndExportCommand {
  readonly kind: "end_export";
  readonly at: number;
  readonly run: ExportRun;
}

export type Command =
  | HoldCommand
  | TopUpCommand
  | SettleCommand
  | RecordCommand
  | ReleaseCommand
  | CorrectCommand
  | ExpireCommand
  | PutBudgetCommand
  | DeleteBudgetCommand
  | ControlCommand
  | AskBudgetCommand
  | PutKeyCommand
  | PutPriceCommand
  | RemovePriceCommand
  | UpdatePricesCommand
  | RevertPricesCommand
  | PutRuleCommand
  | FireRuleCommand
  | AcknowledgeRuleCommand
  | EscalateRuleCommand
  | StartEpochCommand
  | EndExportCommand;

/** The amount left in a budget. */
export interface Remaining {
  readonly budgetId: string;
  /** Negative after an overrun. */
  readonly available: bigint;
}

/**
 * - `budget_exhausted` too little is left, even if all calls in flight cost nothing
 * - `budget_held` there may be room if calls in flight cost less than they hold: try again
 * - `closing_used` only the reserve is left, and the run has had its closing call
 * - `approval_declined` too little is left, and a person declined to add money
 * - `budget_closed` the budget's only window has not begun or is over
 * - `budget_paused` a person or a rule paused it until it is resumed, or a threshold for the rest of
 *   the window
 * - `unpriced` the model has no price and the budget blocks such calls
 */
export type RefusalReason =
  | "budget_exhausted"
  | "budget_held"
  | "closing_used"
  | "approval_declined"
  | "budget_closed"
  | "budget_paused"
  | "unpriced";

/** Why a hold was refused, and by which budget. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly budgetId: string;
  readonly balance: Balance;
  /** In the budget's unit. */
  readonly needed: bigint;
  /** The rates of the hold, if it was made at a provider's ceiling: the model has no price. */
  readonly ceiling?: CeilingRates;
  /** People can be asked for the money that is missing. */
  readonly asks?: { readonly timeoutMs: number };
  /** People were asked, and have not answered yet. */
  readonly asked?: true;
  /** The call did not wait for their answer: too many calls do. */
  readonly crowded?: true;
}

export type HoldAnswer =
  | {
      readonly admitted: true;
      readonly call: CallId;
      /** The same request was admitted before; nothing more was held. */
      readonly repeated: boolean;
      readonly amount: Quantities;
      /** Output tokens covered by the hold. */
      readonly outputTokens: number;
      /**
       * Output tokens that all budgets could pay now, including those held; null if no hard budget
       * bounds them.
       */
      readonly affordableOutputTokens: number | null;
      /** The hard USD budget with the least left, after the hold. */
      readonly tightest: Remaining | null;
      /** The rates used in place of an unknown price: a budget's, or the provider's ceiling. */
      readonly fallback: FallbackRates | null;
    }
  | { readonly admitted: false; readonly refusal: Refusal };

export type TopUpAnswer =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly refusal: Refusal };

/** `repeated`: the same outcome was settled before; nothing more was charged. */
export interface SettleAnswer {
  readonly repeated: boolean;
  readonly cost: Quantities;
  readonly tightest: Remaining | null;
  /** Thresholds crossed by this charge. */
  readonly crossed: readonly ThresholdEntry[];
}

export interface ReleaseAnswer {
  readonly repeated: boolean;
}

export interface AnswerOf extends ControlAnswerOf {
  readonly hold: HoldAnswer;
  readonly top_up: TopUpAnswer;
  readonly settle: SettleAnswer;
  readonly record: SettleAnswer;
  readonly release: ReleaseAnswer;
  readonly correct: SettleAnswer;
  readonly expire: { readonly expired: readonly CallId[] };
  /** With the thresholds that are passed by what the budget has spent already. */
  readonly put_budget: { readonly budget: Budget; readonly crossed: readonly ThresholdEntry[] };
  readonly delete_budget: { readonly budget: Budget };
  readonly put_key: { readonly key: Key };
  readonly put_price: { readonly price: KeptPrice };
  /** `repeated`: it was removed before; nothing changed. */
  readonly remove_price: { readonly price: KeptPrice; readonly repeated: boolean };
  readonly update_prices: { readonly update: KeptPriceUpdate };
  /** `repeated`: it was reverted before; nothing changed. */
  readonly revert_prices: { readonly update: KeptPriceUpdate; readonly repeated: boolean };
  readonly put_rule: { readonly rule: Rule };
  /** `repeated`: it had fired, was acknowledged or escalated before; nothing changed. */
  readonly fire_rule: {
    readonly repeated: boolean;
    /** Whether the alert paused a budget. */
    readonly paused: boolean;
  };
  readonly acknowledge_rule: { readonly alert: KeptAlert; readonly repeated: boolean };
  readonly escalate_rule: { readonly repeated: boolean };
  readonly start_epoch: { readonly epoch: KeptEpoch };
  /** `repeated`: a file of the period was recorded before; nothing changed. */
  readonly end_export: { readonly repeated: boolean };
}
