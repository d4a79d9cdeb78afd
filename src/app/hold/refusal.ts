/** A budget's no, as callers are told it: in an API problem and in a provider's own error shape alike. */

import { formatAmount } from "../../domain/budget/amount.ts";
import { formatInstant } from "../../domain/input/scalar.ts";
import type { Refusal, RefusalReason } from "../../domain/ledger/command.ts";
import type { RefusedCall } from "../port/observer.ts";
import type { WireError } from "../../wire/wire.ts";

/** The model that a refused call asked for. */
export interface AskedFor {
  /** As the configuration calls it. */
  readonly provider: string;
  readonly model: string;
}

/** What a caller can do about each reason. */
const remedies: Readonly<Record<RefusalReason, string>> = {
  budget_exhausted: "Wait for the window to reset, raise the amount, or make a smaller call.",
  budget_held: "Try again when calls in flight have ended.",
  budget_closed: "Wait for the budget's window to begin, or make one that is open.",
  budget_paused: "Wait for the window to reset, or take the pause off the budget's thresholds.",
  unpriced: "State a price under `prices` in purser.yaml or with POST /api/v1/prices, or rates to count by in the budget's `unpriced`.",
};

/** One sentence. */
export function explainRefusal(refusal: Refusal, { provider, model }: AskedFor): string {
  const { budgetId, reason, balance, needed } = refusal;
  if (reason === "unpriced") return `budget "${budgetId}" refused: ${provider}/${model} has no price`;
  const { currency } = balance.counter;
  const amount = (value: bigint): string => `${formatAmount(value, currency)} ${currency}`;
  return `budget "${budgetId}" refused: ${amount(needed)} needed, ${amount(balance.available)} available`;
}

/** What observers are told of it. */
export function refusedCall({ reason, budgetId, balance }: Refusal): RefusedCall {
  return { reason, budgetId, windowEnd: balance.counter.windowEnd };
}

/** Amounts as decimal strings in the budget's currency. */
export function describeRefusal({ reason, budgetId, balance, needed }: Refusal) {
  const { counter } = balance;
  const amount = (value: bigint): string => formatAmount(value, counter.currency);
  return {
    reason,
    budget_id: budgetId,
    currency: counter.currency,
    value: counter.value,
    limit: amount(balance.limit),
    spent: amount(balance.spent),
    held: amount(balance.held),
    available: amount(balance.available),
    needed: amount(needed),
    resets_at: counter.windowEnd === null ? null : formatInstant(counter.windowEnd),
    remedy: remedies[reason],
  };
}

/** The error that ends a stream for which no budget pays any more. */
export function cutError(refusal: Refusal): WireError {
  // What is held may be this call's own, so that waiting for others need not help.
  const remedy = refusal.reason === "budget_held" ? "Wait for other calls to end, or raise the amount." : remedies[refusal.reason];
  const purser = { ...describeRefusal(refusal), remedy };
  const { currency, needed, available } = purser;
  const message =
    `budget "${refusal.budgetId}" ended this answer: ${needed} ${currency} needed to go on, ${available} ${currency} available. ` +
    `What has come so far is charged. ${remedy}`;
  return { status: 402, message, code: refusal.reason, param: null, purser };
}
