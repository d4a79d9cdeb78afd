/** Holds that a caller makes, grows and ends itself, for calls that do not pass the gateway. */

import { canonicalAttribution, type Attribution } from "../../domain/attribution/attribution.ts";
import { PurserError } from "../../domain/error.ts";
import type { Key } from "../../domain/key/key.ts";
import type { Demand, HoldAnswer, ReleaseAnswer, SettleAnswer, TopUpAnswer } from "../../domain/ledger/command.ts";
import type { CallId, CallRoute, Outcome } from "../../domain/ledger/entry.ts";
import { idOfOperation, operationOf } from "../../domain/ledger/operation.ts";
import type { Share } from "../../domain/ledger/command.ts";
import { add, multiply, zero, type PicoUsd } from "../../domain/money/money.ts";
import type { ServiceTier } from "../../domain/price/rate.ts";
import { countTokens, type Usage } from "../../domain/usage/usage.ts";
import { chargeUsage } from "./charge-usage.ts";
import { demandOf } from "../hold/estimate.ts";
import { fingerprint } from "./fingerprint.ts";
import { lookUpPrice, type PriceDesk } from "./look-up-price.ts";
import type { HoldLimits } from "../port/limits.ts";
import type { Clock } from "../port/clock.ts";
import type { Ledger } from "../port/ledger.ts";
import type { CallRow, LedgerReader } from "../port/reader.ts";

export interface HoldDesk extends PriceDesk {
  readonly ledger: Ledger;
  readonly reader: LedgerReader;
  readonly clock: Clock;
  readonly holdLimits: HoldLimits;
}

/** What a hold is sized by: tokens that the book prices, or an amount that the caller knows. */
export type Sizing =
  | {
      readonly kind: "estimate";
      readonly inputTokens: number;
      readonly maxOutputTokens: number;
      readonly cacheWrite: "none" | "5m" | "1h";
      readonly serviceTier: ServiceTier;
      /** Absent: any in which the provider may serve the call. */
      readonly region?: string;
      readonly webSearches: number;
    }
  | { readonly kind: "amount"; readonly amount: PicoUsd };

export interface HoldRequest {
  /** As its caller sent it. */
  readonly operationId: string;
  /** Null for an administrator without a key of the ledger. */
  readonly key: Key | null;
  readonly attribution: Attribution;
  readonly provider: string;
  readonly model: string;
  readonly sizing: Sizing;
  readonly ttlSeconds: number;
}

/** How a hold's endpoint is called in the ledger. */
const apiEndpoint = "api";

/**
 * A repeat of the same request is answered as the first time; nothing is held twice.
 *
 * @throws PurserError `invalid_request` for a hold that would last too long, `forbidden` for more of a budget than one key may hold,
 *   `too_many` for more open holds than one key may have.
 */
export async function holdByApi(desk: HoldDesk, request: HoldRequest): Promise<HoldAnswer> {
  const at = desk.clock.now();
  checkLife(desk.holdLimits, request);
  return desk.ledger.commit({
    kind: "hold",
    at,
    operationId: operationOf(request.operationId, request.key?.keyId ?? null),
    repeat: "only",
    attribution: request.attribution,
    route: { provider: request.provider, model: request.model, endpoint: apiEndpoint, keyId: request.key?.keyId ?? null },
    budgets: request.key?.budgets ?? [],
    demand: demandFor(desk, request, at),
    expiresAt: at + request.ttlSeconds * 1000,
    fingerprint: fingerprint(describeHold(request)),
    final: true,
    ...shareOf(desk.holdLimits, request.key),
  });
}

function checkLife({ holdSeconds }: HoldLimits, { key, ttlSeconds }: HoldRequest): void {
  if (!isBound(key) || ttlSeconds <= holdSeconds) return;
  throw new PurserError("invalid_request", `ttl_seconds: a hold of this key lasts ${holdSeconds} seconds at most`, {
    field: "ttl_seconds",
    remedy: "Hold for a shorter time: what is settled later is still charged.",
  });
}

function shareOf({ holdSharePercent: percent, openHoldsPerKey: mostHolds }: HoldLimits, key: Key | null): { readonly share?: Share } {
  return isBound(key) ? { share: { keyId: key.keyId, attribution: key.attribution, percent, mostHolds } } : {};
}

function isBound(key: Key | null): key is Key {
  return key !== null && key.role !== "admin";
}

/** What is demanded of the budgets: all of the ceiling, since nobody here can cut the call short. */
export function demandFor(desk: PriceDesk, request: Pick<HoldRequest, "provider" | "model" | "sizing">, at: number): Demand {
  const { provider, model, sizing } = request;
  if (sizing.kind === "amount") {
    return {
      fixed: { usd: sizing.amount, tokens: 0n, requests: 1n },
      perOutputToken: zero,
      outputTokens: 0,
      leastOutputTokens: 0,
      inputTokens: 0,
    };
  }
  const { inputTokens, maxOutputTokens, cacheWrite, serviceTier, region, webSearches } = sizing;
  const rates = lookUpPrice(desk, { provider, model, at })?.dearest({ inputTokens, cacheWrite, serviceTier, region });
  const fees = rates ? add(multiply(rates.webSearch, webSearches), rates.request) : zero;
  return demandOf({ rates: rates ?? null, fees }, { input: inputTokens, output: maxOutputTokens, least: maxOutputTokens });
}

/** A call that is held, or was. */
export interface HeldCall extends CallId {
  readonly at: number;
  readonly attribution: Attribution;
  readonly route: CallRoute;
  /** Null when it is open. */
  readonly status: Outcome["status"] | "released" | null;
}

/**
 * @param keyId Whose hold it is.
 * @throws PurserError `not_found` for an unknown id, and for a hold of another key.
 */
export async function findHold(desk: HoldDesk, id: string, keyId: string): Promise<HeldCall> {
  const named = await lookUp(desk, operationOf(id, keyId));
  if (named) return named;
  // An id that the gateway made is unique by itself, and has no key in it.
  const made = await lookUp(desk, id);
  if (made?.route.keyId === keyId) return made;
  throw noSuchHold(id);
}

/**
 * For an administrator, who may see every hold.
 *
 * @param administrator Its key; null for a secret that is no key of the ledger.
 * @returns Its own hold, or else the only one that has the id.
 * @throws PurserError `not_found`, or `conflict` where several keys have the id.
 */
export async function findAnyHold(desk: HoldDesk, id: string, administrator: Key | null): Promise<HeldCall> {
  const own = await lookUp(desk, operationOf(id, administrator?.keyId ?? null));
  if (own) return own;
  const [held, other] = await holdsWithId(desk, id);
  if (!held) throw noSuchHold(id);
  if (!other) return held;
  throw new PurserError("conflict", `several keys have an operation "${id}"`, {
    field: "key_id",
    remedy: "Add ?key_id=KEY to say whose is meant; the entries of the operation have the ids of the keys.",
  });
}

async function lookUp({ ledger, reader }: HoldDesk, operation: string): Promise<HeldCall | undefined> {
  const open = ledger.holdOf(operation);
  if (open) return { ...open, status: null };
  const [row] = await reader.calls({ operation }, { limit: 1, before: null });
  return row && endedHold(row);
}

/** The last attempt of each operation with this id. */
async function holdsWithId({ ledger, reader }: HoldDesk, id: string): Promise<readonly HeldCall[]> {
  const open = ledger.openHolds().filter(({ operationId }) => idOfOperation(operationId) === id);
  const ended = await reader.calls({ operationId: id }, { limit: mostAttempts, before: null });
  const held = [...open.map((hold): HeldCall => ({ ...hold, status: null })), ...ended.map(endedHold)];
  return [...Map.groupBy(held, ({ operationId }) => operationId).values()].flatMap(([last]) => last ?? []);
}

/** The most attempts, over all operations with one id, that are looked at, newest first. */
const mostAttempts = 1000;

function endedHold({ operationId, attempt, startedAt, attribution, route, status }: CallRow): HeldCall {
  return { operationId, attempt, at: startedAt, attribution, route, status };
}

function noSuchHold(id: string): PurserError {
  return new PurserError("not_found", `no hold "${id}"`, { field: "operation_id", remedy: "Check the id, and the key that you use." });
}

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
  readonly hold: HeldCall;
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
  const outcome = outcomeOf(desk, request, at);
  return desk.ledger.commit({
    kind: "settle",
    at,
    operationId,
    attempt,
    outcome,
    fingerprint: fingerprint({ settle: bill }),
    ...(!byAdministrator && { selfReported: true }),
  });
}

function outcomeOf(desk: HoldDesk, { hold, bill, latencyMs }: SettleRequest, at: number): Outcome {
  const priceVersion = desk.prices().version;
  const base = { status: "settled", rawUsage: null, latencyMs: latencyMs ?? Math.max(0, at - hold.at), priceVersion } as const;
  if (bill.kind === "amount") {
    const { model } = hold.route;
    const charge = { model, meter: "reported_cost", quantity: 1, cost: bill.amount } as const;
    const cost = { usd: bill.amount, tokens: 0n, requests: 1n };
    return { ...base, model, usage: {}, charges: [charge], cost, reportedCost: bill.amount, flags: [] };
  }
  const charged = chargeUsage(desk, { hold, ...bill });
  const cost = { usd: charged.cost, tokens: BigInt(countTokens(bill.usage)), requests: 1n };
  const { reportedCost, usage } = bill;
  const { model, charges, flags, computedCost } = charged;
  return { ...base, model, usage, charges, cost, reportedCost, ...(computedCost !== undefined && { computedCost }), flags };
}

export type Growth = { readonly kind: "amount"; readonly amount: PicoUsd } | { readonly kind: "output"; readonly tokens: number };

/**
 * Adds to an open hold. It has no id of its own, so that a repeat adds again.
 *
 * @param by Who asks.
 */
// oxlint-disable-next-line max-params -- what is asked, of which hold, by whom
export async function topUpByApi(desk: HoldDesk, hold: HeldCall, growth: Growth, by: Key | null): Promise<TopUpAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  const amount =
    growth.kind === "amount"
      ? { usd: growth.amount, tokens: 0n, requests: 0n }
      : { usd: multiply(outputRate(desk, hold), growth.tokens), tokens: BigInt(growth.tokens), requests: 0n };
  return desk.ledger.commit({ kind: "top_up", at: desk.clock.now(), operationId, attempt, amount, ...shareOf(desk.holdLimits, by) });
}

function outputRate(desk: HoldDesk, hold: HeldCall): PicoUsd {
  const { provider, model } = hold.route;
  const sheet = lookUpPrice(desk, { provider, model, at: hold.at });
  if (!sheet) {
    throw new PurserError("unpriced", `no price for ${provider}/${model}`, {
      field: "output_tokens",
      remedy: "Top up by `amount`, or add a price for the model.",
    });
  }
  const inputTokens = Number(desk.ledger.holdOf(hold.operationId)?.amount.tokens ?? 0n);
  return sheet.dearest({ inputTokens, cacheWrite: "none", serviceTier: "priority" }).output;
}

/** Gives the whole hold back; nothing is charged. */
export async function releaseByApi(desk: HoldDesk, hold: HeldCall, reason: string): Promise<ReleaseAnswer> {
  refuseGatewayCall(hold);
  const { operationId, attempt } = hold;
  return desk.ledger.commit({ kind: "release", at: desk.clock.now(), operationId, attempt, reason });
}

/** A call under way at the gateway is ended by the gateway alone, which knows what the provider was sent. */
function refuseGatewayCall(hold: HeldCall): void {
  if (hold.status !== null || hold.route.endpoint === apiEndpoint) return;
  throw new PurserError("conflict", `operation "${idOfOperation(hold.operationId)}" is a call under way at the gateway`, {
    field: "operation_id",
    remedy: "Wait for its end.",
  });
}

function meteredHere({ operationId }: HeldCall): PurserError {
  return new PurserError("forbidden", `operation "${idOfOperation(operationId)}" was metered at the gateway`, {
    field: "operation_id",
    remedy: "Let an administrator settle it with its real cost.",
  });
}

function describeHold({ attribution, key, sizing, ...rest }: HoldRequest): object {
  return { ...rest, key: key?.keyId ?? null, attribution: canonicalAttribution(attribution), sizing };
}
