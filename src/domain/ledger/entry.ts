/**
 * The entries of the journal: an append-only record of every movement of money. All balances derive
 * from it.
 */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget, Currency } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PicoUsd } from "../money/money.ts";
import type { Charge } from "../price/row/rate.ts";
import type { PriceOverride } from "../price/text/override.ts";
import type { PriceUpdate } from "../price/update/price-update.ts";
import type { Epoch } from "./epoch.ts";
import type { ExportRun } from "./export-run.ts";
import type { Alert } from "../rule/alert.ts";
import type { Rule } from "../rule/rule.ts";
import type { ModelUsage, Usage, UsageFlag } from "../usage/usage.ts";

/** An amount in each unit that a budget can count. */
export interface Quantities {
  readonly usd: PicoUsd;
  readonly tokens: bigint;
  readonly requests: bigint;
}

/** One budget's counter for one value in one window. */
export interface CounterKey {
  readonly budgetId: string;
  /** The attribution value, or the budget's resource id. */
  readonly value: string;
  /** Milliseconds since the epoch, included. */
  readonly windowStart: number;
  /** Excluded; null for a window without end. */
  readonly windowEnd: number | null;
  /** The unit counted: a budget recreated in another unit has other counters. */
  readonly currency: Currency;
}

/** One attempt of one operation. The pair is unique in the ledger. */
export interface CallId {
  /** As written by `operationOf`: the same id from two keys is two operations. */
  readonly operationId: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** What was requested, from which provider. */
export interface CallRoute {
  readonly provider: string;
  readonly model: string;
  /** `chat`, `messages`, `embeddings`, ... or `api` for a hold made over the API. */
  readonly endpoint: string;
  readonly keyId: string | null;
  /** What the caller asked for, if a rule replaced it by `model`. */
  readonly replaced?: Replaced;
}

/** A model that was asked for, and the rule that replaced it by a cheaper one. */
export interface Replaced {
  readonly model: string;
  readonly ruleId: string;
}

export type CallStatus = "settled" | "estimated" | "unresolved" | "released";

interface EntryBase {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface HoldEntry extends EntryBase, CallId {
  readonly kind: "hold";
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly amount: Quantities;
  readonly counters: readonly CounterKey[];
  /** When the hold lapses; null for a call whose end this process observes. */
  readonly expiresAt: number | null;
  /**
   * SHA-256 of the request that created it, in hex, to distinguish a repeat from a conflict; null
   * if the id was generated here.
   */
  readonly fingerprint: string | null;
  /**
   * For money that was spent without a hold: when it was recorded. `at` is then when it was spent.
   */
  readonly recordedAt?: number;
  /** For a call that asked to be the closing call of its run. */
  readonly closing?: ClosingUse;
}

/** A run, and the budgets whose reserve its closing call uses. */
export interface ClosingUse {
  readonly run: string;
  readonly budgets: readonly string[];
}

export interface TopUpEntry extends EntryBase, CallId {
  readonly kind: "top_up";
  /** Added to the hold. Negative if a charge that was held with the call takes over its part. */
  readonly amount: Quantities;
  /** For a closing call: the budgets whose reserve it uses from now on. */
  readonly closing?: readonly string[];
}

/** The final cost of a call. */
export interface Outcome {
  readonly status: Exclude<CallStatus, "released">;
  /** The model that the provider reports. */
  readonly model: string;
  /** Usage of the main answer. */
  readonly usage: Usage;
  /**
   * Usage of other models in the same call; absent if there were none. Charges and cost include it.
   */
  readonly parts?: readonly ModelUsage[];
  readonly charges: readonly Charge[];
  readonly cost: Quantities;
  /**
   * The provider's own figure. It is the charge if documented as the amount billed; otherwise only
   * recorded.
   */
  readonly reportedCost: PicoUsd | null;
  /** The cost by the price book. Absent if it is the charge, or if the book has no price. */
  readonly computedCost?: PicoUsd;
  /** The provider's usage object, verbatim. */
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  /** 0 if it is unknown, and of charges. */
  readonly latencyMs: number;
  readonly priceVersion: string;
}

export interface SettleEntry extends EntryBase, CallId, Outcome {
  readonly kind: "settle";
  /**
   * The amount above the hold and past the limit, per counter of the hold, in that counter's unit.
   */
  readonly overruns: readonly bigint[];
  /** Whether the hold had already lapsed: its amount is then not released again. */
  readonly late: boolean;
  /**
   * For a late settle: the counters charged, if a budget changed since and they differ from the
   * hold's.
   */
  readonly counters?: readonly CounterKey[];
  /**
   * SHA-256 of the request that settled it, in hex, to distinguish a repeat from a conflict; null
   * at the gateway.
   */
  readonly fingerprint: string | null;
}

/** An open hold moves to other counters because a budget changed. */
export interface MoveEntry extends EntryBase, CallId {
  readonly kind: "move";
  /** All counters of the hold, including unchanged ones. */
  readonly counters: readonly CounterKey[];
}

export interface ReleaseEntry extends EntryBase, CallId {
  readonly kind: "release";
  readonly reason: string;
}

export interface ExpireEntry extends EntryBase, CallId {
  readonly kind: "expire";
}

/** Replaces the outcome of a charged call, such as an unresolved one whose bill became known. */
export interface CorrectionEntry extends EntryBase, CallId, Outcome {
  readonly kind: "correction";
  readonly fingerprint: string | null;
  /** The new cost minus the old. */
  readonly difference: Quantities;
  /** The part of the difference past the limit, per counter of the hold, in that counter's unit. */
  readonly overruns: readonly bigint[];
  /** The counters charged, if a budget changed since and they differ from the call's. */
  readonly counters?: readonly CounterKey[];
  readonly reason: string;
}

/** A threshold was crossed: recorded once per counter and threshold. */
export interface ThresholdEntry extends EntryBase {
  readonly kind: "threshold";
  readonly counter: CounterKey;
  readonly partsPerMillion: number;
  readonly spent: bigint;
  readonly limit: bigint;
}

/** A call that was refused: nothing was held. */
export interface RefusalEntry extends EntryBase {
  readonly kind: "refusal";
  readonly operationId: string;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  readonly reason: string;
  readonly budgetId: string | null;
  readonly needed: bigint;
}

export interface BudgetEntry extends EntryBase {
  readonly kind: "budget";
  readonly budget: Budget;
  readonly deleted: boolean;
  /**
   * The spent amounts of the budget and its ancestors, for those that count other calls after the
   * change.
   */
  readonly recounts: readonly Recount[];
}

/** The cost of all calls in a budget's current window at the time of a recount. */
export interface Recount {
  readonly budgetId: string;
  /** Includes calls held at this time or later. */
  readonly from: number;
  readonly counters: readonly CountedCounter[];
}

export interface CountedCounter {
  readonly key: CounterKey;
  /** In the unit of the key's currency. */
  readonly spent: bigint;
}

/** The recount of one budget. */
export interface Counted {
  readonly budgetId: string;
  readonly counters: readonly CountedCounter[];
}

/** New calls of a budget, or of one of its values, are refused until it is resumed. */
export interface BudgetPauseEntry extends EntryBase {
  readonly kind: "budget_pause";
  readonly budgetId: string;
  /** Null for the whole budget. */
  readonly value: string | null;
  /** The id of a key, `admin`, or what else paused it. */
  readonly by: string;
  readonly reason: string | null;
}

/** Ends the pauses of a budget, or of one of its values, those by thresholds included. */
export interface BudgetResumeEntry extends EntryBase {
  readonly kind: "budget_resume";
  readonly budgetId: string;
  readonly value: string | null;
  readonly by: string;
  readonly reason: string | null;
  /** Counters that a threshold paused. It pauses them no more in their window. */
  readonly lifted: readonly LiftedThresholds[];
}

export interface LiftedThresholds {
  readonly counter: CounterKey;
  /** In parts per million. */
  readonly thresholds: readonly number[];
}

/** More money for one counter: its limit is higher until its window ends. */
export interface BudgetExtensionEntry extends EntryBase {
  readonly kind: "budget_extension";
  readonly counter: CounterKey;
  /** In the unit of the key's currency; positive. */
  readonly amount: bigint;
  readonly by: string;
  readonly reason: string | null;
}

/** A call cannot be paid: people are asked whether the counter gets more money. */
export interface BudgetAskEntry extends EntryBase {
  readonly kind: "budget_ask";
  readonly counter: CounterKey;
  /** By the call that asked, in the unit of the key's currency. */
  readonly needed: bigint;
  /** For that call. */
  readonly available: bigint;
  /** When the next refused call asks again. */
  readonly until: number;
}

/** No more money for a counter: the calls that wait for it are refused. */
export interface BudgetDeclineEntry extends EntryBase {
  readonly kind: "budget_decline";
  readonly counter: CounterKey;
  readonly by: string;
  readonly reason: string | null;
  /** Until then, calls that cannot be paid are refused, and do not ask again. */
  readonly until: number;
}

export interface KeyEntry extends EntryBase {
  readonly kind: "key";
  readonly key: Key;
}

/** A price set over the API. Current rates derive from the journal, too. */
export interface PriceEntry extends EntryBase {
  readonly kind: "price";
  readonly price: PriceOverride;
}

/** A price set over the API ends. */
export interface PriceRemovalEntry extends EntryBase {
  readonly kind: "price_removal";
  readonly priceId: string;
}

/** Prices from a published list, all of them or none. */
export interface PriceUpdateEntry extends EntryBase {
  readonly kind: "price_update";
  readonly update: PriceUpdate;
}

/** The prices of an update end. */
export interface PriceRevertEntry extends EntryBase {
  readonly kind: "price_revert";
  readonly updateId: string;
}

/** A rule of alerts is set or deleted. */
export interface RuleEntry extends EntryBase {
  readonly kind: "rule";
  readonly rule: Rule;
  readonly deleted: boolean;
}

/** A rule fired, or its alert was acknowledged or escalated. */
export interface AlertEntry extends EntryBase {
  readonly kind: "rule_fired" | "rule_acknowledged" | "rule_escalated";
  readonly alert: Alert;
  /** Who acknowledged it, and the note; null for the other kinds. */
  readonly by: string | null;
  readonly note: string | null;
}

/** Where figures restart from zero: nothing is deleted, and budgets are not affected. */
export interface EpochEntry extends EntryBase {
  readonly kind: "epoch";
  readonly epoch: Epoch;
}

/** A file of a scheduled export was made, or an attempt failed. */
export interface ExportEntry extends EntryBase {
  readonly kind: "export_done" | "export_failed";
  readonly run: ExportRun;
}

/** What happens to calls. */
export type CallEntry =
  | HoldEntry
  | TopUpEntry
  | MoveEntry
  | SettleEntry
  | ReleaseEntry
  | ExpireEntry
  | CorrectionEntry
  | ThresholdEntry
  | RefusalEntry;

/** What is defined, and what people decide about it. */
export type DefinitionEntry =
  | BudgetEntry
  | BudgetPauseEntry
  | BudgetResumeEntry
  | BudgetExtensionEntry
  | BudgetAskEntry
  | BudgetDeclineEntry
  | KeyEntry
  | PriceEntry
  | PriceRemovalEntry
  | PriceUpdateEntry
  | PriceRevertEntry
  | RuleEntry
  | AlertEntry
  | EpochEntry
  | ExportEntry;

export type Entry = CallEntry | DefinitionEntry;

/** Whether the entry closes an open hold. */
export function endsHold(entry: Entry): entry is SettleEntry | ReleaseEntry | ExpireEntry {
  return (
    (entry.kind === "settle" && !entry.late) || entry.kind === "release" || entry.kind === "expire"
  );
}

export const nothing: Quantities = { usd: 0n as PicoUsd, tokens: 0n, requests: 0n };

export function addQuantities(left: Quantities, right: Quantities): Quantities {
  return {
    usd: (left.usd + right.usd) as PicoUsd,
    tokens: left.tokens + right.tokens,
    requests: left.requests + right.requests,
  };
}

export function subtractQuantities(left: Quantities, right: Quantities): Quantities {
  return {
    usd: (left.usd - right.usd) as PicoUsd,
    tokens: left.tokens - right.tokens,
    requests: left.requests - right.requests,
  };
}
