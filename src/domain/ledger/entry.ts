/** The journal: what happened to the money, in order, for ever. Balances are a function of it and of nothing else. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget, Currency } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PicoUsd } from "../money/money.ts";
import type { Charge, PriceOverride } from "../price/rate.ts";
import type { ModelUsage, Usage, UsageFlag } from "../usage/usage.ts";

/** One amount in each unit a budget can count. */
export interface Quantities {
  readonly usd: PicoUsd;
  readonly tokens: bigint;
  readonly requests: bigint;
}

/** One budget's counter for one value in one window. */
export interface CounterKey {
  readonly budgetId: string;
  /** The attribution value, or the budget's own resource id. */
  readonly value: string;
  /** Milliseconds since the epoch, included. */
  readonly windowStart: number;
  /** Excluded; null for a window without end. */
  readonly windowEnd: number | null;
  /** The unit that is counted: a budget made anew in another unit has other counters. */
  readonly currency: Currency;
}

/** One attempt of one operation. The pair is unique in the ledger. */
export interface CallId {
  /** As `operationOf` writes it: the same id of two keys is two operations. */
  readonly operationId: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** What was asked for, of whom. */
export interface CallRoute {
  readonly provider: string;
  readonly model: string;
  /** `chat`, `messages`, `embeddings`, ... or `api` for a hold made over the API. */
  readonly endpoint: string;
  readonly keyId: string | null;
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
  /** When the hold lapses by itself; null for a call whose end this process sees. */
  readonly expiresAt: number | null;
  /** SHA-256 of the request that made it, in hex, to tell a repeat from a conflict; null when the id was made here. */
  readonly fingerprint: string | null;
}

export interface TopUpEntry extends EntryBase, CallId {
  readonly kind: "top_up";
  /** Added to the hold. */
  readonly amount: Quantities;
}

/** What a call cost in the end. */
export interface Outcome {
  readonly status: Exclude<CallStatus, "released">;
  /** The model that the provider says it served. */
  readonly model: string;
  /** Of the main answer. */
  readonly usage: Usage;
  /** Of other models in the same call; absent when there was none. The charges and the cost include them. */
  readonly parts?: readonly ModelUsage[];
  readonly charges: readonly Charge[];
  readonly cost: Quantities;
  /** The provider's own figure: the charge where it is documented as the amount billed, else kept beside ours. */
  readonly reportedCost: PicoUsd | null;
  /** Ours, by the price book. Absent where it is the charge, and where the book has no price. */
  readonly computedCost?: PicoUsd;
  /** The provider's own usage object, as it was written. */
  readonly rawUsage: string | null;
  readonly flags: readonly UsageFlag[];
  readonly latencyMs: number;
  readonly priceVersion: string;
}

export interface SettleEntry extends EntryBase, CallId, Outcome {
  readonly kind: "settle";
  /** What the hold did not cover and no limit had room for, per counter of the hold, in that counter's unit. */
  readonly overruns: readonly bigint[];
  /** Whether the hold had lapsed before: its amount is then not given back again. */
  readonly late: boolean;
  /** Of a late one: what it is charged on, where a budget was changed since and that is no longer what the hold says. */
  readonly counters?: readonly CounterKey[];
  /** SHA-256 of the request that settled it, in hex, to tell a repeat from a conflict; null at the gateway. */
  readonly fingerprint: string | null;
}

/** An open hold counts on other counters from here on, because a budget was changed. */
export interface MoveEntry extends EntryBase, CallId {
  readonly kind: "move";
  /** All counters of the hold, those that stay too. */
  readonly counters: readonly CounterKey[];
}

export interface ReleaseEntry extends EntryBase, CallId {
  readonly kind: "release";
  readonly reason: string;
}

export interface ExpireEntry extends EntryBase, CallId {
  readonly kind: "expire";
}

/** Replaces the outcome of a call that had been charged before, such as an unresolved one whose bill became known. */
export interface CorrectionEntry extends EntryBase, CallId, Outcome {
  readonly kind: "correction";
  readonly fingerprint: string | null;
  /** The new cost less the old. */
  readonly difference: Quantities;
  /** What the difference took past the limit, per counter of the hold, in that counter's unit. */
  readonly overruns: readonly bigint[];
  /** What it counts on, where a budget was changed since and that is no longer what the call says. */
  readonly counters?: readonly CounterKey[];
  readonly reason: string;
}

/** A threshold was crossed: recorded once for each counter and threshold. */
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
  /** Of the budget and of those above it: what they had spent by then, where the change makes them count other calls. */
  readonly recounts: readonly Recount[];
}

/** What the calls of a budget's current window had cost when it was counted anew. */
export interface Recount {
  readonly budgetId: string;
  /** Calls that were held at this moment or later are in it. */
  readonly from: number;
  readonly counters: readonly CountedCounter[];
}

export interface CountedCounter {
  readonly key: CounterKey;
  /** In the unit of the key's currency. */
  readonly spent: bigint;
}

/** What was found for one budget. */
export interface Counted {
  readonly budgetId: string;
  readonly counters: readonly CountedCounter[];
}

export interface KeyEntry extends EntryBase {
  readonly kind: "key";
  readonly key: Key;
}

/** A price set over the API. Rates in force are a function of the journal, too. */
export interface PriceEntry extends EntryBase {
  readonly kind: "price";
  readonly price: PriceOverride;
}

export type Entry =
  | HoldEntry
  | TopUpEntry
  | MoveEntry
  | SettleEntry
  | ReleaseEntry
  | ExpireEntry
  | CorrectionEntry
  | ThresholdEntry
  | RefusalEntry
  | BudgetEntry
  | KeyEntry
  | PriceEntry;

/** Whether a hold that was open is open no longer after the entry. */
export function endsHold(entry: Entry): entry is SettleEntry | ReleaseEntry | ExpireEntry {
  return (entry.kind === "settle" && !entry.late) || entry.kind === "release" || entry.kind === "expire";
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
