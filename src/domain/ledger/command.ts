/** What can be asked of the ledger. A store decides one command after another, and commits what each one changes in whole. */

import type { FallbackRates, PriceOverride } from "../price/rate.ts";
import type { Attribution } from "../attribution/attribution.ts";
import type { Budget } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PicoUsd } from "../money/money.ts";
import type { Balance } from "./counter.ts";
import type { CallId, CallRoute, Counted, Outcome, Quantities, ThresholdEntry } from "./entry.ts";

/** What a call may cost, split so that a decision can fit the output to what the budgets can pay. */
export interface Demand {
  /** Input, tool fees and the request itself: held in any case. */
  readonly fixed: Quantities;
  /** Null when the model has no price: the budgets' own policy then decides. */
  readonly perOutputToken: PicoUsd | null;
  /** Output tokens to hold now: the whole ceiling, or the first slice of a stream. */
  readonly outputTokens: number;
  /** Fewer output tokens than this are of no use to the caller. At most `outputTokens`. */
  readonly leastOutputTokens: number;
  /** Output that all budgets must be able to pay, although not all of it is held now: the least by default. */
  readonly payableOutputTokens?: number;
  /** Whether this is far above what will be billed: it then leaves half of what is not spent to holds that were counted. */
  readonly loose?: boolean;
  /** Input tokens inside `fixed`, to be priced at a fallback rate when `perOutputToken` is null. */
  readonly inputTokens: number;
}

/** How much of a budget one key may keep from others by holds of its own making. */
export interface Share {
  readonly keyId: string;
  /** What the key fixes. It may hold all of a budget that applies to this attribution alone. */
  readonly attribution: Attribution;
  /** Of each budget that others draw on, too. */
  readonly percent: number;
  /** How many holds it may have open at once. */
  readonly mostHolds: number;
}

export interface HoldCommand {
  readonly kind: "hold";
  readonly at: number;
  readonly operationId: string;
  /**
   * `new`: the id was made here and cannot stand in the ledger. `next`: a further attempt, if an earlier one has ended.
   * `only`: a repeat is answered as the first time, or is a conflict when the fingerprint differs.
   */
  readonly repeat: "new" | "next" | "only";
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Budgets that the key adds. */
  readonly budgets: readonly string[];
  readonly demand: Demand;
  readonly expiresAt: number | null;
  readonly fingerprint: string | null;
  /** Whether a refusal is the caller's answer, and so recorded; false where the same call will be tried again. */
  readonly final: boolean;
  /** Of a hold that its caller makes and ends itself: how much of each budget the key may hold so. */
  readonly share?: Share;
}

export interface TopUpCommand extends CallId {
  readonly kind: "top_up";
  readonly at: number;
  /** Nothing, to ask whether the hold may go on as it is. */
  readonly amount: Quantities;
  /** As of a {@link Demand}. */
  readonly loose?: boolean;
  /** As of a hold. */
  readonly share?: Share;
}

export interface SettleCommand extends CallId {
  readonly kind: "settle";
  readonly at: number;
  readonly outcome: Outcome;
  readonly fingerprint: string | null;
  /** The payer itself says what it cost: no more is charged than was held and its budgets have left. */
  readonly selfReported?: true;
}

/** Replaces the charge of a call that has ended, however it ended. */
export interface CorrectCommand extends CallId {
  readonly kind: "correct";
  readonly at: number;
  readonly amount: PicoUsd;
  /** As it was, with the lines of the new bill. */
  readonly outcome: Omit<Outcome, "cost">;
  readonly reason: string;
  readonly fingerprint: string;
}

export interface ReleaseCommand extends CallId {
  readonly kind: "release";
  readonly at: number;
  readonly reason: string;
}

/** Ends the holds whose time is over. */
export interface ExpireCommand {
  readonly kind: "expire";
  readonly at: number;
}

export interface PutBudgetCommand {
  readonly kind: "put_budget";
  readonly at: number;
  readonly budget: Budget;
  /** `create` refuses an id that exists, `replace` one that does not, `put` neither. */
  readonly when: "create" | "replace" | "put";
  /** What calls have cost in the windows that are counted anew (`countingFor`). The store fills it in. */
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

export type Command =
  | HoldCommand
  | TopUpCommand
  | SettleCommand
  | ReleaseCommand
  | CorrectCommand
  | ExpireCommand
  | PutBudgetCommand
  | DeleteBudgetCommand
  | PutKeyCommand
  | PutPriceCommand;

/** What is left in a budget. */
export interface Remaining {
  readonly budgetId: string;
  /** Negative after an overrun. */
  readonly available: bigint;
}

/**
 * - `budget_exhausted` what is spent leaves too little, whatever else ends
 * - `budget_held` there would be room if calls in flight cost less than they hold: try again
 * - `budget_closed` the budget's only window has not begun or is over
 * - `budget_paused` a threshold's action paused it for the rest of the window
 * - `unpriced` the model has no price, and the budget blocks such calls
 */
export type RefusalReason = "budget_exhausted" | "budget_held" | "budget_closed" | "budget_paused" | "unpriced";

/** Why nothing was held, and in which budget. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly budgetId: string;
  readonly balance: Balance;
  /** In the budget's unit. */
  readonly needed: bigint;
}

export type HoldAnswer =
  | {
      readonly admitted: true;
      readonly call: CallId;
      /** The same request had been admitted before, and nothing was held again. */
      readonly repeated: boolean;
      readonly amount: Quantities;
      /** How many output tokens the hold covers. */
      readonly outputTokens: number;
      /** How many output tokens all budgets could pay now, the held ones included; null when no hard budget bounds them. */
      readonly affordableOutputTokens: number | null;
      /** The hard USD budget with the least left, after the hold. */
      readonly tightest: Remaining | null;
      /** The rates that stand in for a price that is not known. */
      readonly fallback: FallbackRates | null;
    }
  | { readonly admitted: false; readonly refusal: Refusal };

export type TopUpAnswer = { readonly admitted: true } | { readonly admitted: false; readonly refusal: Refusal };

/** `repeated`: the same outcome had been settled before, and nothing was charged again. */
export interface SettleAnswer {
  readonly repeated: boolean;
  readonly cost: Quantities;
  readonly tightest: Remaining | null;
  /** Thresholds that this charge crossed. */
  readonly crossed: readonly ThresholdEntry[];
}

export interface ReleaseAnswer {
  readonly repeated: boolean;
}

export interface AnswerOf {
  readonly hold: HoldAnswer;
  readonly top_up: TopUpAnswer;
  readonly settle: SettleAnswer;
  readonly release: ReleaseAnswer;
  readonly correct: SettleAnswer;
  readonly expire: { readonly expired: readonly CallId[] };
  /** With the thresholds that are passed by what the budget has spent already. */
  readonly put_budget: { readonly budget: Budget; readonly crossed: readonly ThresholdEntry[] };
  readonly delete_budget: { readonly budget: Budget };
  readonly put_key: { readonly key: Key };
  readonly put_price: { readonly price: PriceOverride };
}
