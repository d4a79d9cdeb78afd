/** Serves `/api/v1/holds`: money held for calls that do not pass through the gateway. */

import type { z } from "zod";
import { attribute, checkMayCall } from "../app/desk/attribute.ts";
import { findVisibleHold, type FoundHold } from "../app/desk/find-hold.ts";
import { readExpiry, readHoldState, type HoldState } from "../app/desk/hold-state.ts";
import { holdByApi, type Sizing } from "../app/desk/hold.ts";
import { releaseByApi } from "../app/desk/release.ts";
import { settleByApi, type CostReport } from "../app/desk/settle.ts";
import { lookUpPrice } from "../app/desk/look-up-price.ts";
import { topUpByApi, type Growth } from "../app/desk/top-up.ts";
import {
  holdSchema,
  holdInput,
  holdParams,
  holdQuery,
  holdStateSchema,
  releasedSchema,
  releaseInput,
  settlementSchema,
  settleInput,
  toppedUpSchema,
  topUpInput,
  type HoldJson,
  type HoldStateJson,
  type QuantitiesJson,
} from "../contract/hold.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import type { HoldAnswer } from "../domain/ledger/command.ts";
import type { Quantities } from "../domain/ledger/entry.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { formatUsd, type PicoUsd } from "../domain/money/money.ts";
import { unitsOnly } from "../domain/price/unit-price.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { readUsd } from "./amount.ts";
import { refusalResponse } from "./refusal.ts";
import { answer, callers, created, ok, problem, route, type Route } from "./route.ts";

const refused = problem(
  "A budget refused; `purser` has the budget, the reason, and what was left.",
);
const conflict = problem("The id was used with another body, or the hold has ended.");
const notFound = problem("No such hold of this key.");

export const holdRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/holds",
    access: callers,
    tag: "holds",
    summary: "Hold the maximum cost of a call, in every budget that applies or in none",
    body: holdInput,
    responses: {
      201: answer("Held.", holdSchema),
      402: refused,
      400: problem("A field is invalid."),
      409: conflict,
    },
    async handler({ body, caller, context }) {
      const { provider, model, sizing } = readSizing(body);
      checkMayCall(caller, { provider, model });
      const request = {
        operationId: body.operation_id,
        key: caller.key,
        attribution: attribute(caller, body.attribution),
        provider,
        model,
        sizing,
        ttlSeconds: body.ttl_seconds,
        ...(body.closing && { closing: true as const }),
      };
      const held = await holdByApi(context, request);
      if (!held.admitted) {
        const at = context.clock.now();
        const units = unitsOnly(lookUpPrice(context, { provider, model, at }));
        return refusalResponse(held.refusal, { provider, model, units });
      }
      const expiresAt = await readExpiry(context, held.call.operationId, body.ttl_seconds);
      return created(holdJson(held, expiresAt));
    },
  }),
  route({
    method: "get",
    path: "/api/v1/holds/{operation_id}",
    access: callers,
    tag: "holds",
    summary: "Get a hold, open or ended",
    params: holdParams,
    query: holdQuery,
    responses: { 200: answer("The hold.", holdStateSchema), 404: notFound },
    async handler({ params: { operation_id }, query, caller, context }) {
      const hold = await findVisibleHold(context, caller, {
        id: operation_id,
        keyId: query.key_id,
      });
      return ok(holdStateJson(hold, await readHoldState(context, hold)));
    },
  }),
  route({
    method: "post",
    path: "/api/v1/holds/{operation_id}/settle",
    access: callers,
    tag: "holds",
    summary: "Settle a hold at the real cost, even after it has expired",
    params: holdParams,
    query: holdQuery,
    body: settleInput,
    responses: {
      200: answer("Charged.", settlementSchema),
      400: problem("A field is invalid."),
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const report = readReport(body);
      const hold = await findVisibleHold(context, caller, {
        id: operation_id,
        keyId: query.key_id,
      });
      const settled = await settleByApi(context, {
        hold,
        byAdministrator: caller.role === "admin",
        report,
        latencyMs: body.latency_ms ?? null,
      });
      return ok({
        operation_id,
        cost_usd: formatUsd(settled.cost.usd),
        repeated: settled.repeated,
        budget_remaining_usd: remaining(settled.tightest),
        thresholds_crossed: settled.crossed.map(({ counter, partsPerMillion }) => ({
          budget_id: counter.budgetId,
          at: partsPerMillion / 1_000_000,
        })),
      });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/holds/{operation_id}/release",
    access: callers,
    tag: "holds",
    summary: "Release a hold; nothing is charged",
    params: holdParams,
    query: holdQuery,
    body: releaseInput,
    responses: {
      200: answer("Released.", releasedSchema),
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const hold = await findVisibleHold(context, caller, {
        id: operation_id,
        keyId: query.key_id,
      });
      const released = await releaseByApi(context, hold, body?.reason ?? "released by its owner");
      return ok({ operation_id, released: true, repeated: released.repeated });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/holds/{operation_id}/top-up",
    access: callers,
    tag: "holds",
    summary: "Hold more for a call in flight",
    description: "Not idempotent: a repeated top-up adds again.",
    params: holdParams,
    query: holdQuery,
    body: topUpInput,
    responses: {
      200: answer("Held.", toppedUpSchema),
      402: refused,
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const growth = readGrowth(body);
      const hold = await findVisibleHold(context, caller, {
        id: operation_id,
        keyId: query.key_id,
      });
      const answered = await topUpByApi(context, { hold, growth, by: caller.key });
      if (!answered.admitted) return refusalResponse(answered.refusal, hold.route);
      const open = await context.ledger.holdOf(hold.operationId);
      return ok({
        operation_id,
        admitted: true,
        held: open ? quantitiesJson(open.amount) : null,
      });
    },
  }),
];

function readSizing(body: z.output<typeof holdInput>): {
  readonly provider: string;
  readonly model: string;
  readonly sizing: Sizing;
} {
  const { estimate, amount, provider, model } = body;
  if ((estimate === undefined) === (amount === undefined)) throw giveOne("estimate", "amount");
  if (amount !== undefined) {
    const sizing = { kind: "amount", amount: readUsd(amount, "amount") } as const;
    return { provider: provider ?? unnamed, model: model ?? unnamed, sizing };
  }
  if (estimate === undefined || provider === undefined || model === undefined) {
    const field = provider === undefined ? "provider" : "model";
    throw new PurserError("invalid_request", `${field} is missing`, {
      field,
      remedy: "Give provider and model: the estimate is priced by them.",
    });
  }
  const sizing = {
    kind: "estimate",
    inputTokens: estimate.input_tokens,
    maxOutputTokens: estimate.max_output_tokens,
    cacheWrite: estimate.cache_write,
    serviceTier: estimate.service_tier,
    ...regionOf(estimate),
    webSearches: estimate.web_searches,
  } as const;
  return { provider, model, sizing };
}

/** The provider and model of a hold of a known amount, if its owner gives none. */
const unnamed = "unnamed";

function readReport(body: z.output<typeof settleInput>): CostReport {
  const { usage, amount, model, service_tier, reported_cost_usd } = body;
  if (amount !== undefined && usage === undefined)
    return { kind: "amount", amount: readUsd(amount, "amount") };
  if (usage === undefined || amount !== undefined) throw giveOne("usage", "amount");
  const reportedCost =
    reported_cost_usd === undefined ? null : readUsd(reported_cost_usd, "reported_cost_usd");
  // A value read from JSON has no fields that are undefined.
  return {
    kind: "usage",
    usage: usage as Usage,
    serviceTier: service_tier,
    ...regionOf(body),
    model: model ?? null,
    reportedCost,
  };
}

function regionOf({ region }: { readonly region?: string | undefined }): {
  readonly region?: string;
} {
  return region === undefined ? {} : { region: region.toLowerCase() };
}

function readGrowth({ amount, output_tokens }: z.output<typeof topUpInput>): Growth {
  if (amount !== undefined && output_tokens === undefined)
    return { kind: "amount", amount: readUsd(amount, "amount") };
  if (output_tokens === undefined || amount !== undefined) throw giveOne("amount", "output_tokens");
  return { kind: "output", tokens: output_tokens };
}

function giveOne(left: string, right: string): PurserError {
  return new PurserError("invalid_request", `give either ${left} or ${right}`, {
    field: left,
    remedy: `Give one of ${left} and ${right}.`,
  });
}

function holdJson(held: HoldAnswer & { readonly admitted: true }, expiresAt: number): HoldJson {
  return {
    operation_id: idOfOperation(held.call.operationId),
    attempt: held.call.attempt,
    admitted: true,
    repeated: held.repeated,
    held: quantitiesJson(held.amount),
    held_usd: formatUsd(held.amount.usd),
    expires_at: formatInstant(expiresAt),
    budget_remaining_usd: remaining(held.tightest),
  };
}

function holdStateJson(hold: FoundHold, { held, expiresAt, cost }: HoldState): HoldStateJson {
  return {
    operation_id: idOfOperation(hold.operationId),
    attempt: hold.attempt,
    status: hold.status ?? "held",
    provider: hold.route.provider,
    model: hold.route.model,
    attribution: hold.attribution,
    created_at: formatInstant(hold.at),
    held: held && quantitiesJson(held),
    expires_at: expiresAt === null ? null : formatInstant(expiresAt),
    cost_usd: cost === null ? null : formatUsd(cost),
  };
}

function quantitiesJson({ usd, tokens, requests }: Quantities): QuantitiesJson {
  return { usd: formatUsd(usd), tokens: tokens.toString(), requests: requests.toString() };
}

/** The amount that a caller can still spend, so never negative. */
function remaining(tightest: { readonly available: bigint } | null): string | null {
  return tightest && formatUsd((tightest.available < 0n ? 0n : tightest.available) as PicoUsd);
}
