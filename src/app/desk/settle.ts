/** Settles a hold over the API, with counts that the book prices, or with an amount. */

import { PurserError } from "../../domain/error.ts";
import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { countTokens, type Usage } from "../../domain/usage/usage.ts";
import { chargeOfItem, type ItemReport } from "../charge/item.ts";
import { announceChange } from "../hold/announce.ts";
import { announceEnd } from "../settle/announce-end.ts";
import type { Ledger } from "../port/ledger.ts";
import type { UnpricedHold } from "./fallback.ts";
import type { PricingContext } from "./look-up-price.ts";
import { priceUsage } from "./price-usage.ts";
import { fingerprint } from "./fingerprint.ts";
import { type DeskContext, apiEndpoint } from "./desk-context.ts";
import { type FoundHold, refuseGatewayCall } from "./find-hold.ts";

/** The cost of a call: counts that the book prices, or an amount that the caller knows. */
export type CostReport =
  | {
      readonly kind: "usage";
      readonly usage: Usage;
      readonly serviceTier: ServiceTier;
      /** If absent, the region of the provider's calls, or else any. */
      readonly region?: string;
      /** The model that answered, if it is not the requested one. */
      readonly model: string | null;
      readonly reportedCost: PicoUsd | null;
    }
  | { readonly kind: "amount"; readonly amount: PicoUsd }
  | ItemReport;

export interface SettleRequest {
  readonly hold: FoundHold;
  /**
   * Only an administrator may settle what was metered at the gateway. A caller could erase its own
   * charges.
   */
  readonly byAdministrator: boolean;
  readonly report: CostReport;
  /** Null if the caller did not measure it. */
  readonly latencyMs: number | null;
}

/**
 * Replaces the hold by the real cost, at the prices at the time of the hold. A hold that has lapsed
 * is still charged.
 *
 * @throws PurserError `conflict` if it was released or settled with another report, or is a call in
 *   flight at the gateway. `forbidden`, except for an administrator, if it was metered there, or if
 *   the cost exceeds what was held and what the budgets have left.
 */
export async function settleByApi(
  context: DeskContext,
  request: SettleRequest,
): Promise<SettleAnswer> {
  const { hold, report, byAdministrator } = request;
  refuseGatewayCall(hold);
  if (hold.route.endpoint !== apiEndpoint && !byAdministrator) throw meteredHere(hold);
  const at = context.clock.now();
  const { operationId, attempt } = hold;
  const outcome = reportedOutcome(context, request, at);
  const answer = await context.ledger.commit({
    kind: "settle",
    at,
    operationId,
    attempt,
    outcome,
    fingerprint: fingerprint({ settle: report }),
    ...(!byAdministrator && { selfReported: true }),
  });
  announceChange(context, answer.crossed);
  // A call that was charged before is only corrected.
  const isEnd = hold.status === null || hold.status === "released";
  if (isEnd && !answer.repeated) announceEnd(context, { provider: hold.route.provider, outcome });
  return answer;
}

function reportedOutcome(
  context: DeskContext,
  { hold, report, latencyMs }: SettleRequest,
  at: number,
): Outcome {
  return {
    status: "settled",
    rawUsage: null,
    latencyMs: latencyMs ?? Math.max(0, at - hold.at),
    priceVersion: context.prices().version,
    ...chargeOf(context, hold, report),
  };
}

/** What a cost report comes to, at the prices at the time of the call. */
export function chargeOf(
  context: ReportPricing,
  call: UnpricedHold,
  report: CostReport,
): ReportedCharge {
  if (report.kind === "item") return chargeOfItem(context, call, report);
  return report.kind === "amount"
    ? chargeOfAmount(call, report.amount)
    : chargeOfUsage(context, call, report);
}

export type ReportPricing = PricingContext & { readonly ledger: Ledger };

export type ReportedCharge = Omit<Outcome, "status" | "rawUsage" | "latencyMs" | "priceVersion"> &
  Partial<Pick<Outcome, "rawUsage">>;

function chargeOfAmount({ route: { model } }: UnpricedHold, amount: PicoUsd): ReportedCharge {
  return {
    model,
    usage: {},
    charges: [{ model, meter: "reported_cost", quantity: 1, cost: amount }],
    cost: { usd: amount, tokens: 0n, requests: 1n },
    reportedCost: amount,
    flags: [],
  };
}

function chargeOfUsage(
  context: ReportPricing,
  hold: UnpricedHold,
  report: Extract<CostReport, { kind: "usage" }>,
): ReportedCharge {
  const { usage, reportedCost } = report;
  const { model, cost, charges, flags, computedCost } = priceUsage(context, { hold, ...report });
  return {
    model,
    usage,
    charges,
    cost: { usd: cost, tokens: BigInt(countTokens(usage)), requests: 1n },
    reportedCost,
    ...(computedCost !== undefined && { computedCost }),
    flags,
  };
}

function meteredHere({ operationId }: FoundHold): PurserError {
  return new PurserError(
    "forbidden",
    `operation "${idOfOperation(operationId)}" was metered at the gateway`,
    {
      field: "operation_id",
      remedy: "Let an administrator settle it with its real cost.",
    },
  );
}
