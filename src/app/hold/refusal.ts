/** Describes a refusal by a budget, for API problems and for errors in a provider's own format. */

import { formatAmount } from "../../domain/budget/amount.ts";
import { formatInstant } from "../../domain/input/scalar.ts";
import type { Refusal, RefusalReason } from "../../domain/ledger/command.ts";
import type { Rate } from "../../domain/price/row/rate.ts";
import { formatPerMillion } from "../../domain/price/text/per-million.ts";
import { lackingPrice } from "../../domain/price/unit-price.ts";
import type { OpenMeter } from "../../domain/usage/usage.ts";
import type { Balance, BalancePause } from "../../domain/ledger/counter.ts";
import type { RefusedCall } from "../port/observer.ts";
import type { WireError } from "../../wire/wire.ts";

/** The model that a refused call asked for. */
export interface RequestedModel {
  /** The provider's name in the configuration. */
  readonly provider: string;
  readonly model: string;
  /** How the request can say what it needs, so that less is held. One sentence. */
  readonly toHoldLess?: string;
  /** What alone has a price, of a model that is asked to count tokens. */
  readonly units?: readonly OpenMeter[];
}

/** What the caller can do about each reason. */
const remedies: Readonly<Record<RefusalReason, string>> = {
  budget_exhausted: "Wait for the window to reset, raise the amount, or make a smaller call.",
  budget_held: "Try again when calls in flight have ended.",
  closing_used:
    "This run has had its closing call in this window. Wait for the window to reset, or raise the amount.",
  approval_declined: "Wait for the window to reset, or ask its owners for a higher amount.",
  budget_closed: "Wait for the budget's window to begin, or create a budget whose window is open.",
  budget_paused:
    "Wait for the window to reset, resume the budget, or remove `pause` from its thresholds.",
  unpriced:
    "Set a price under `prices` in purser.yaml or with POST /api/v1/prices, or set rates in the budget's `unpriced`.",
};

const pausedRemedy = "Wait until the budget is resumed.";

function isByPerson(balance: Balance): balance is Balance & { readonly paused: BalancePause } {
  return balance.paused !== null && balance.paused.at !== null;
}

/** Returns one sentence. */
export function explainRefusal(refusal: Refusal, requested: RequestedModel): string {
  const { provider, model, units } = requested;
  const { budgetId, reason, balance, needed } = refusal;
  if (reason === "unpriced")
    return `budget "${budgetId}" refused: ${lackingPrice(`${provider}/${model}`, units)}`;
  if (reason === "budget_paused" && isByPerson(balance)) {
    const why = balance.paused.reason === null ? "" : `: ${balance.paused.reason}`;
    return `budget "${budgetId}" refused: it is paused${why}`;
  }
  const { currency } = balance.counter;
  const amount = (value: bigint): string => `${formatAmount(value, currency)} ${currency}`;
  const lack = `budget "${budgetId}" refused: ${amount(needed)} needed, ${amount(balance.available)} available`;
  return reason === "approval_declined"
    ? `${lack}, and more was declined${whyDeclined(balance)}`
    : `${lack}${ceilingText(refusal, requested)}`;
}

/** Why a call needs so much whose model has no price. */
function ceilingText({ ceiling, balance }: Refusal, { provider, model }: RequestedModel): string {
  if (!ceiling || balance.counter.currency !== "USD") return "";
  const { input, output } = ceiling;
  const rateText = ({ meter, perUnit, model: of, provider: by }: Rate): string =>
    `${formatPerMillion(perUnit)} per million tokens of ${meter}${of === anyModel ? "" : `, as ${by}/${of}`}`;
  return `; ${provider}/${model} has no price, so it is held at the ceiling of ${provider}: USD ${rateText(input)}, and ${rateText(output)}`;
}

/** Of rates that the configuration states. */
const anyModel = "*";

function whyDeclined({ question }: Balance): string {
  const reason = question?.declined?.reason ?? null;
  return reason === null ? "" : `: ${reason}`;
}

/** The refusal as reported to observers. */
export function refusedCall({ reason, budgetId, balance }: Refusal): RefusedCall {
  return { reason, budgetId, windowEnd: balance.counter.windowEnd };
}

/** Amounts as decimal strings in the budget's currency. */
export function describeRefusal(
  refusal: Refusal,
  requested: Pick<RequestedModel, "toHoldLess"> = {},
) {
  const { reason, budgetId, balance, needed, asked } = refusal;
  const { counter, reserve } = balance;
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
    ...(reserve > 0n && { reserve_for_closing: amount(reserve) }),
    ...(asked && { approval_requested: true }),
    resets_at: counter.windowEnd === null ? null : formatInstant(counter.windowEnd),
    remedy: remedyOf(refusal, requested),
  };
}

function remedyOf(
  { reason, balance, asked, ceiling }: Refusal,
  { toHoldLess }: Pick<RequestedModel, "toHoldLess">,
): string {
  if (reason === "budget_paused" && isByPerson(balance)) return pausedRemedy;
  const isAmount = reason === "budget_exhausted" || reason === "budget_held";
  const sentences = [
    ...(asked ? [askedRemedy] : []),
    ...(isAmount && toHoldLess !== undefined ? [toHoldLess] : []),
    remedies[reason],
    ...(isAmount ? closingRemedy(balance) : []),
    ...(isAmount && ceiling && balance.counter.currency === "USD" ? [ceilingRemedy] : []),
  ];
  return sentences.join(" ");
}

const ceilingRemedy =
  "To hold less, set the price of the model, or lower rates as `unlisted_ceiling` of its provider in purser.yaml.";

const askedRemedy = "Its owners were asked for more money: try again once they have extended it.";

function closingRemedy({ reserve, counter }: Balance): readonly string[] {
  if (reserve === 0n) return [];
  const kept = `${formatAmount(reserve, counter.currency)} ${counter.currency}`;
  return [
    `To finish this run, make one closing call (header \`x-purser-closing: true\`, or \`closing\` in a hold): ${kept} is kept for such calls.`,
  ];
}

/** The error that ends a stream when no budget can pay for more. */
export function cutError(refusal: Refusal): WireError {
  // The held amount may be this call's own, so waiting for other calls may not help.
  const remedy =
    refusal.reason === "budget_held"
      ? "Wait for other calls to end, or raise the amount."
      : remedies[refusal.reason];
  const purser = { ...describeRefusal(refusal), remedy };
  const { currency, needed, available } = purser;
  const message =
    `budget "${refusal.budgetId}" ended this answer: ${needed} ${currency} needed to continue, ${available} ${currency} available. ` +
    `The output so far is charged. ${remedy}`;
  return { status: 402, message, code: refusal.reason, param: null, purser };
}
