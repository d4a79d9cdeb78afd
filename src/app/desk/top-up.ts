/** Tops up a hold over the API. */

import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { TopUpAnswer } from "../../domain/ledger/command.ts";
import { multiply, type PicoUsd } from "../../domain/money/money.ts";
import { lackingPrice, unitsOnly } from "../../domain/price/unit-price.ts";
import { askedFor } from "../hold/asking.ts";
import { announceRefusal } from "../hold/announce.ts";
import { fallbackOf } from "./fallback.ts";
import { lookUpPrice } from "./look-up-price.ts";
import { type DeskContext, shareOf } from "./desk-context.ts";
import { type FoundHold, refuseGatewayCall } from "./find-hold.ts";

export type Growth =
  | { readonly kind: "amount"; readonly amount: PicoUsd }
  | { readonly kind: "output"; readonly tokens: number };

export interface TopUpRequest {
  readonly hold: FoundHold;
  readonly growth: Growth;
  /** The key that asks; null for an administrator without a key of the ledger. */
  readonly by: Key | null;
}

/** Adds to an open hold. It has no id of its own, so a repeat adds again. */
export async function topUpByApi(
  context: DeskContext,
  { hold, growth, by }: TopUpRequest,
): Promise<TopUpAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  const amount =
    growth.kind === "amount"
      ? { usd: growth.amount, tokens: 0n, requests: 0n }
      : {
          usd: multiply(await outputRate(context, hold), growth.tokens),
          tokens: BigInt(growth.tokens),
          requests: 0n,
        };
  const share = shareOf(context.holdLimits, by);
  const answer = await context.ledger.commit({
    kind: "top_up",
    at: context.clock.now(),
    operationId,
    attempt,
    amount,
    ...share,
  });
  if (answer.admitted) return answer;
  announceRefusal(context, answer.refusal);
  return { admitted: false, refusal: await askedFor(context, answer.refusal) };
}

async function outputRate(context: DeskContext, hold: FoundHold): Promise<PicoUsd> {
  const { provider, model } = hold.route;
  const sheet = lookUpPrice(context, { provider, model, at: hold.at });
  const terms = { cacheWrite: "none", serviceTier: "priority" } as const;
  if (!sheet?.pricesTokens) {
    const fallback = fallbackOf(context, hold, terms);
    if (fallback) return fallback.output;
    throw new PurserError("unpriced", lackingPrice(`${provider}/${model}`, unitsOnly(sheet)), {
      field: "output_tokens",
      remedy: "Top up by `amount`, or add a price for the model.",
    });
  }
  const open = await context.ledger.holdOf(hold.operationId);
  const inputTokens = Number(open?.amount.tokens ?? 0n);
  return sheet.dearest({ ...terms, inputTokens }).output;
}
