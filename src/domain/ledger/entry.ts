/** The journal: what happened to the money, in order, for ever. Balances are a function of it and of nothing else. */

import type { Attribution } from "../attribution/attribution.ts";
import type { Budget, Currency } from "../budget/budget.ts";
import type { Key } from "../key/key.ts";
import type { PicoUsd } from "../money/money.ts";
import type { Charge, PriceOverride } from "../price/rate.ts";
import type { Usage, UsageFlag } from "../usage/usage.ts";

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
  /** The sum over all parts. */
  readonly usage: Usage;
  readonly charges: readonly Charge[];
  readonly cost: Quantities;
  /** The provider's own figure, kept beside ours. */
  readonly reportedCost: PicoUsd | null;
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
  /** SHA-256 of the request that settled it, in hex, to tell a repeat from a conflict; null at the gateway. */
  readonly fingerprint: string | null;
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
