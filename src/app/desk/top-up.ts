/** Growing a hold over the API, and giving it back. */

import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { ReleaseAnswer, TopUpAnswer } from "../../domain/ledger/command.ts";
import { multiply, type PicoUsd } from "../../domain/money/money.ts";
import { announceChange, announceRefusal } from "../hold/announce.ts";
import { lookUpPrice } from "./look-up-price.ts";
import { type HoldDesk, shareOf } from "./desk.ts";
import { type FoundHold, refuseGatewayCall } from "./find-hold.ts";

export type Growth =
  | { readonly kind: "amount"; readonly amount: PicoUsd }
  | { readonly kind: "output"; readonly tokens: number };

/**
 * Adds to an open hold. It has no id of its own, so that a repeat adds again.
 *
 * @param by Who asks.
 */
// oxlint-disable-next-line max-params -- what is asked, of which hold, by whom
export async function topUpByApi(
  desk: HoldDesk,
  hold: FoundHold,
  growth: Growth,
  by: Key | null,
): Promise<TopUpAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  const amount =
    growth.kind === "amount"
      ? { usd: growth.amount, tokens: 0n, requests: 0n }
      : {
          usd: multiply(await outputRate(desk, hold), growth.tokens),
          tokens: BigInt(growth.tokens),
          requests: 0n,
        };
  const share = shareOf(desk.holdLimits, by);
  const answer = await desk.ledger.commit({
    kind: "top_up",
    at: desk.clock.now(),
    operationId,
    attempt,
    amount,
    ...share,
  });
  if (!answer.admitted) announceRefusal(desk, answer.refusal);
  return answer;
}

async function outputRate(desk: HoldDesk, hold: FoundHold): Promise<PicoUsd> {
  const { provider, model } = hold.route;
  const sheet = lookUpPrice(desk, { provider, model, at: hold.at });
  if (!sheet) {
    throw new PurserError("unpriced", `no price for ${provider}/${model}`, {
      field: "output_tokens",
      remedy: "Top up by `amount`, or add a price for the model.",
    });
  }
  const open = await desk.ledger.holdOf(hold.operationId);
  const inputTokens = Number(open?.amount.tokens ?? 0n);
  return sheet.dearest({ inputTokens, cacheWrite: "none", serviceTier: "priority" }).output;
}

/** Gives the whole hold back; nothing is charged. */
export async function releaseByApi(
  desk: HoldDesk,
  hold: FoundHold,
  reason: string,
): Promise<ReleaseAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  const answer = await desk.ledger.commit({
    kind: "release",
    at: desk.clock.now(),
    operationId,
    attempt,
    reason,
  });
  announceChange(desk);
  return answer;
}
