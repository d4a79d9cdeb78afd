/** Makes a hold over the API. */

import { canonicalAttribution, type Attribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import { isLimited, type Key } from "../../domain/key/key.ts";
import type { Demand, HoldAnswer } from "../../domain/ledger/command.ts";
import { operationOf } from "../../domain/ledger/operation.ts";
import { zero, type PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { announceRefusal } from "../hold/announce.ts";
import { boundOf, demandOf, feesOf, fixedDemand } from "../hold/estimate.ts";
import { askedFor } from "../hold/asking.ts";
import { closingRun } from "../hold/closing-run.ts";
import { fingerprint } from "./fingerprint.ts";
import { lookUpPrice, type PricingContext } from "./look-up-price.ts";
import type { HoldLimits } from "../port/limits.ts";
import { type DeskContext, apiEndpoint, shareOf } from "./desk-context.ts";

/** The size of a hold: tokens that the book prices, or an amount that the caller knows. */
export type Sizing =
  | {
      readonly kind: "estimate";
      readonly inputTokens: number;
      readonly maxOutputTokens: number;
      readonly cacheWrite: "none" | "5m" | "1h";
      readonly serviceTier: ServiceTier;
      /** If absent, any region in which the provider may serve the call. */
      readonly region?: string;
      readonly webSearches: number;
    }
  | { readonly kind: "amount"; readonly amount: PicoUsd };

export interface ApiHold {
  /** As the caller sent it. */
  readonly operationId: string;
  /** Null for an administrator without a key of the ledger. */
  readonly key: Key | null;
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
  readonly sizing: Sizing;
  readonly ttlSeconds: number;
  /** The last call of its run: it may use what budgets keep back for that. */
  readonly closing?: true;
}

/**
 * A repeat of the same request gets the first answer; nothing is held twice.
 *
 * @throws PurserError `invalid_request` for a hold that would last too long, `forbidden` for more
 *   of a budget than one key may hold, or for too many open holds.
 */
export async function holdByApi(context: DeskContext, request: ApiHold): Promise<HoldAnswer> {
  const at = context.clock.now();
  checkLife(context.holdLimits, request);
  const answer = await context.ledger.commit({
    kind: "hold",
    at,
    operationId: operationOf(request.operationId, request.key?.keyId ?? null),
    repeat: "only",
    attribution: request.attribution,
    route: {
      provider: request.provider,
      model: request.model,
      endpoint: apiEndpoint,
      keyId: request.key?.keyId ?? null,
    },
    budgets: request.key?.budgets ?? [],
    demand: demandFor(context, request, at),
    expiresAt: at + request.ttlSeconds * 1000,
    fingerprint: fingerprint(describeHold(request)),
    final: true,
    ...shareOf(context.holdLimits, request.key),
    ...(request.closing && { closing: closingRun(request.attribution, "closing") }),
  });
  if (answer.admitted) return answer;
  announceRefusal(context, answer.refusal);
  return { admitted: false, refusal: await askedFor(context, answer.refusal) };
}

function checkLife({ holdSeconds }: HoldLimits, { key, ttlSeconds }: ApiHold): void {
  if (!isLimited(key) || ttlSeconds <= holdSeconds) return;
  throw new PurserError(
    "invalid_request",
    `ttl_seconds: a hold of this key lasts ${holdSeconds} seconds at most`,
    {
      field: "ttl_seconds",
      remedy: "Hold for a shorter time: what is settled later is still charged.",
    },
  );
}

/** Demands the whole ceiling, because Purser cannot cut a call that does not pass the gateway. */
export function demandFor(
  context: PricingContext,
  request: Pick<ApiHold, "provider" | "model" | "sizing">,
  at: number,
): Demand {
  const { provider, model, sizing } = request;
  if (sizing.kind === "amount")
    return fixedDemand({ usd: sizing.amount, tokens: 0n, requests: 1n });
  const { inputTokens, maxOutputTokens, cacheWrite, serviceTier, region, webSearches } = sizing;
  const query = { cacheWrite, serviceTier, region };
  const sheet = lookUpPrice(context, { provider, model, at });
  const rates = sheet?.pricesTokens === true ? sheet.dearest({ ...query, inputTokens }) : undefined;
  const unlisted = rates ? undefined : context.prices().ceiling({ ...query, provider, at });
  return demandOf(
    {
      rates: rates ?? null,
      fees: rates ? feesOf(rates, webSearches) : zero,
      ...(unlisted && { bound: boundOf(unlisted, webSearches) }),
    },
    { input: inputTokens, output: maxOutputTokens, least: maxOutputTokens },
  );
}

function describeHold({ attribution, key, sizing, ...rest }: ApiHold): object {
  return {
    ...rest,
    key: key?.keyId ?? null,
    attribution: canonicalAttribution(attribution),
    sizing,
  };
}
