/** Settling a hold over the API: with counts that the book prices, or with an amount. */

import { PurserError } from "../../domain/error.ts";
import type { SettleAnswer } from "../../domain/ledger/command.ts";
import type { Outcome } from "../../domain/ledger/entry.ts";
import { idOfOperation } from "../../domain/ledger/operation.ts";
import type { PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/rate.ts";
import { countTokens, type Usage } from "../../domain/usage/usage.ts";
import { announceChange } from "../hold/announce.ts";
import { chargeUsage } from "./charge-usage.ts";
import { fingerprint } from "./fingerprint.ts";
import { type HoldDesk, apiEndpoint } from "./desk.ts";
import { type FoundHold, refuseGatewayCall } from "./find-hold.ts";

/** What a call turned out to cost: counts that the book prices, or an amount that the caller knows. */
export type Bill =
  | {
      readonly kind: "usage";
      readonly usage: Usage;
      readonly serviceTier: ServiceTier;
      /** That served; absent: where the provider's calls go, else anywhere. */
      readonly region?: string;
      /** The model served, when it is not the one asked for. */
      readonly model: string | null;
      readonly reportedCost: PicoUsd | null;
    }
  | { readonly kind: "amount"; readonly amount: PicoUsd };

export interface SettleRequest {
  readonly hold: FoundHold;
  /** Only an administrator corrects what was metered at the gateway: a caller could wipe out its own charges. */
  readonly byAdministrator: boolean;
  readonly bill: Bill;
  /** Of the call itself, when the caller measured it. */
  readonly latencyMs: number | null;
}

/**
 * Replaces the hold by the real cost, at the prices that were valid when it was made. One that has lapsed is still charged.
 *
 * @throws PurserError `conflict` when it was released, or was settled with another bill, or is a call under way at the gateway;
 *   `forbidden`, but for an administrator, for one that was metered there, and for more than was held and the budgets have left.
 */
export async function settleByApi(desk: HoldDesk, request: SettleRequest): Promise<SettleAnswer> {
  const { hold, bill, byAdministrator } = request;
  refuseGatewayCall(hold);
  if (hold.route.endpoint !== apiEndpoint && !byAdministrator) throw meteredHere(hold);
  const at = desk.clock.now();
  const { operationId, attempt } = hold;
  const outcome = outcomeOfBill(desk, request, at);
  const answer = await desk.ledger.commit({
    kind: "settle",
    at,
    operationId,
    attempt,
    outcome,
    fingerprint: fingerprint({ settle: bill }),
    ...(!byAdministrator && { selfReported: true }),
  });
  announceChange(desk, answer.crossed);
  return answer;
}

function outcomeOfBill(
  desk: HoldDesk,
  { hold, bill, latencyMs }: SettleRequest,
  at: number,
): Outcome {
  const priceVersion = desk.prices().version;
  const base = {
    status: "settled",
    rawUsage: null,
    latencyMs: latencyMs ?? Math.max(0, at - hold.at),
    priceVersion,
  } as const;
  if (bill.kind === "amount") {
    const { model } = hold.route;
    const charge = { model, meter: "reported_cost", quantity: 1, cost: bill.amount } as const;
    const cost = { usd: bill.amount, tokens: 0n, requests: 1n };
    return {
      ...base,
      model,
      usage: {},
      charges: [charge],
      cost,
      reportedCost: bill.amount,
      flags: [],
    };
  }
  const charged = chargeUsage(desk, { hold, ...bill });
  const cost = { usd: charged.cost, tokens: BigInt(countTokens(bill.usage)), requests: 1n };
  const { reportedCost, usage } = bill;
  const { model, charges, flags, computedCost } = charged;
  return {
    ...base,
    model,
    usage,
    charges,
    cost,
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
