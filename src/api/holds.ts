/** `/api/v1/holds`: money set aside for calls that do not pass the gateway. */

import { z } from "zod";
import type { DeskContext } from "../app/desk/desk-context.ts";
import { findAnyHold, findHold, type FoundHold } from "../app/desk/find-hold.ts";
import { holdByApi, type Sizing } from "../app/desk/hold.ts";
import { releaseByApi } from "../app/desk/release.ts";
import { settleByApi, type CostReport } from "../app/desk/settle.ts";
import { topUpByApi, type Growth } from "../app/desk/top-up.ts";
import type { HoldAnswer } from "../domain/ledger/command.ts";
import type { Quantities } from "../domain/ledger/entry.ts";
import { PurserError } from "../domain/error.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { formatUsd, type PicoUsd } from "../domain/money/money.ts";
import type { Usage } from "../domain/usage/usage.ts";
import { attribute, checkMayCall } from "./attribute.ts";
import type { ApiContext, Caller } from "./context.ts";
import {
  admittedSchema,
  holdInput,
  holdStateSchema,
  quantitiesSchema,
  releaseInput,
  settleInput,
  settledSchema,
  topUpInput,
} from "./hold-schema.ts";
import { refusalResponse } from "./refusal.ts";
import { callers, created, ok, route, type Route } from "./route.ts";
import { answer, nameSchema, problem, readUsd } from "./schema.ts";

const params = z.object({ operation_id: z.string() });
const query = z.strictObject({
  key_id: nameSchema
    .optional()
    .describe("Whose hold it is, for an administrator, where several keys use the id."),
});
const refused = problem("A budget refused; `purser` says which, why, and what it had left.");
const conflict = problem("The id was used with another body, or the hold has ended.");
const notFound = problem("No such hold of this key.");

export const holdRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/holds",
    access: callers,
    tag: "holds",
    summary: "Hold what a call may cost, in every budget that applies or in none",
    body: holdInput,
    responses: {
      201: answer("Held.", admittedSchema),
      402: refused,
      400: problem("A field is not valid."),
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
      };
      const held = await holdByApi(context, request);
      if (!held.admitted) return refusalResponse(held.refusal, { provider, model });
      return created(await admittedJson(context, held, body.ttl_seconds));
    },
  }),
  route({
    method: "get",
    path: "/api/v1/holds/{operation_id}",
    access: callers,
    tag: "holds",
    summary: "Look at a hold, open or ended",
    params,
    query,
    responses: { 200: answer("The hold.", holdStateSchema), 404: notFound },
    async handler({ params: { operation_id }, query, caller, context }) {
      return ok(
        await holdJson(
          context,
          await seenHold(context, caller, { id: operation_id, keyId: query.key_id }),
        ),
      );
    },
  }),
  route({
    method: "post",
    path: "/api/v1/holds/{operation_id}/settle",
    access: callers,
    tag: "holds",
    summary: "Replace a hold by the real cost; also one that has lapsed",
    params,
    query,
    body: settleInput,
    responses: {
      200: answer("Charged.", settledSchema),
      400: problem("A field is not valid."),
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const report = readReport(body);
      const hold = await seenHold(context, caller, { id: operation_id, keyId: query.key_id });
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
    summary: "Give a hold back; nothing is charged",
    params,
    query,
    body: releaseInput,
    responses: {
      200: answer(
        "Given back.",
        z.object({ operation_id: z.string(), released: z.literal(true), repeated: z.boolean() }),
      ),
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const hold = await seenHold(context, caller, { id: operation_id, keyId: query.key_id });
      const released = await releaseByApi(context, hold, body?.reason ?? "released by its owner");
      return ok({ operation_id, released: true, repeated: released.repeated });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/holds/{operation_id}/top-up",
    access: callers,
    tag: "holds",
    summary: "Hold more for a call under way",
    description: "A repeated top-up adds again: it has no id of its own.",
    params,
    query,
    body: topUpInput,
    responses: {
      200: answer(
        "Held.",
        z.object({
          operation_id: z.string(),
          admitted: z.literal(true),
          held: quantitiesSchema.nullable(),
        }),
      ),
      402: refused,
      404: notFound,
      409: conflict,
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const growth = readGrowth(body);
      const hold = await seenHold(context, caller, { id: operation_id, keyId: query.key_id });
      const answered = await topUpByApi(context, { hold, growth, by: caller.key });
      if (!answered.admitted) return refusalResponse(answered.refusal, hold.route);
      const open = context.ledger.holdOf(hold.operationId);
      return ok({ operation_id, admitted: true, held: open ? quantitiesJson(open.amount) : null });
    },
  }),
];

/** An administrator sees every hold, another key its own. @throws PurserError `forbidden` for a caller that names another key. */
function seenHold(
  context: DeskContext,
  { role, key }: Caller,
  { id, keyId }: { readonly id: string; readonly keyId?: string | undefined },
): Promise<FoundHold> {
  if (role === "admin" || !key)
    return keyId === undefined ? findAnyHold(context, id, key) : findHold(context, id, keyId);
  if (keyId === undefined || keyId === key.keyId) return findHold(context, id, key.keyId);
  throw new PurserError("forbidden", "key_id: a key sees its own holds only", {
    field: "key_id",
    remedy: "Leave key_id out.",
  });
}

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
      remedy: "Give provider and model, by which an estimate is priced.",
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

/** What a hold of a known amount is for, when its owner does not say. */
const unnamed = "unnamed";

function readReport(body: z.output<typeof settleInput>): CostReport {
  const { usage, amount, model, service_tier, reported_cost_usd } = body;
  if (amount !== undefined && usage === undefined)
    return { kind: "amount", amount: readUsd(amount, "amount") };
  if (usage === undefined || amount !== undefined) throw giveOne("usage", "amount");
  const reportedCost =
    reported_cost_usd === undefined ? null : readUsd(reported_cost_usd, "reported_cost_usd");
  // What was read from JSON has no field that is there and undefined.
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

async function admittedJson(
  context: ApiContext,
  held: HoldAnswer & { readonly admitted: true },
  ttlSeconds: number,
): Promise<object> {
  const { operationId, attempt } = held.call;
  const open = context.ledger.holdOf(operationId);
  const expiresAt = open?.expiresAt ?? (await heldAt(context, operationId)) + ttlSeconds * 1000;
  return {
    operation_id: idOfOperation(operationId),
    attempt,
    admitted: true,
    repeated: held.repeated,
    held: quantitiesJson(held.amount),
    held_usd: formatUsd(held.amount.usd),
    expires_at: formatInstant(expiresAt),
    budget_remaining_usd: remaining(held.tightest),
  };
}

async function heldAt({ reader, clock }: ApiContext, operation: string): Promise<number> {
  const [row] = await reader.calls({ operation }, { limit: 1, before: null });
  return row?.startedAt ?? clock.now();
}

async function holdJson(context: ApiContext, hold: FoundHold): Promise<object> {
  const open = context.ledger.holdOf(hold.operationId);
  const [row] = open
    ? []
    : await context.reader.calls({ operation: hold.operationId }, { limit: 1, before: null });
  return {
    operation_id: idOfOperation(hold.operationId),
    attempt: hold.attempt,
    status: hold.status ?? "held",
    provider: hold.route.provider,
    model: hold.route.model,
    attribution: hold.attribution,
    created_at: formatInstant(hold.at),
    held: open ? quantitiesJson(open.amount) : null,
    expires_at: open?.expiresAt ? formatInstant(open.expiresAt) : null,
    cost_usd: row ? formatUsd(row.cost) : null,
  };
}

function quantitiesJson({ usd, tokens, requests }: Quantities): object {
  return { usd: formatUsd(usd), tokens: tokens.toString(), requests: requests.toString() };
}

/** Never below nothing, since that is what a caller may still spend. */
function remaining(tightest: { readonly available: bigint } | null): string | null {
  return tightest && formatUsd((tightest.available < 0n ? 0n : tightest.available) as PicoUsd);
}
