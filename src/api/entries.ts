/** Serves `/api/v1/entries`: calls with the lines of their bills, and corrections. */

import { correctCharge } from "../app/desk/correct-charge.ts";
import type { CallRow, RefusalRow } from "../app/port/reader.ts";
import {
  correctionInput,
  correctionParams,
  correctionQuery,
  correctionSchema,
  entryPageSchema,
  entryQuery,
  type EntryJson,
} from "../contract/entry.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { idOfOperation } from "../domain/ledger/operation.ts";
import { formatUsd, subtract, zero } from "../domain/money/money.ts";
import { mapInTurns } from "../domain/turns.ts";
import { readUsd } from "./amount.ts";
import { chargeJson } from "./charge.ts";
import { scopedFilter } from "./filter.ts";
import { cutPage, readCursor } from "./page.ts";
import { adminOnly, answer, ok, problem, readers, route, type Route } from "./route.ts";

export const entryRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/entries",
    access: readers,
    tag: "figures",
    summary: "List calls, newest first, with the lines of their bills",
    description: "Refused calls are listed only with `status=refused`.",
    query: entryQuery,
    responses: {
      200: answer("A page of calls.", entryPageSchema),
      400: problem("A filter is invalid."),
      403: problem("The key may not read these figures."),
    },
    async handler({ query, caller, context }) {
      const filter = {
        ...scopedFilter(caller, query),
        ...(query.except_provider !== undefined && { exceptProvider: query.except_provider }),
      };
      const paged = { list: "entries", ...query };
      const range = { limit: query.limit + 1, before: readCursor(query.cursor, paged) };
      if (query.status === "refused") {
        const page = cutPage(await context.reader.refusals(filter, range), paged);
        return ok({
          data: await mapInTurns(page.rows, refusalJson),
          next_cursor: page.nextCursor,
        });
      }
      const page = cutPage(await context.reader.calls(filter, range), paged);
      return ok({
        data: await mapInTurns(page.rows, entryJson),
        next_cursor: page.nextCursor,
      });
    },
  }),
  route({
    method: "post",
    path: "/api/v1/entries/{operation_id}/correct",
    access: adminOnly,
    tag: "figures",
    summary: "Correct the charge of a call; budgets and figures follow",
    description:
      "For every call that has ended, at the gateway or over the API. The previous charge and the reason stay in the journal.",
    params: correctionParams,
    query: correctionQuery,
    body: correctionInput,
    responses: {
      200: answer("Corrected.", correctionSchema),
      400: problem("A field is invalid."),
      404: problem("No such call."),
      409: problem("The call is in flight, or the id names several calls."),
    },
    async handler({ params: { operation_id }, query, body, caller, context }) {
      const { call, answer: corrected } = await correctCharge(context, {
        operationId: operation_id,
        attempt: body.attempt,
        keyId: query.key_id,
        amount: readUsd(body.amount, "amount"),
        reason: `${caller.key?.name ?? "the admin key"}: ${body.reason}`,
      });
      return ok({
        operation_id,
        attempt: call.attempt,
        cost_usd: formatUsd(corrected.cost.usd),
        cost_before_usd: formatUsd(call.cost),
        repeated: corrected.repeated,
      });
    },
  }),
];

const noUsage = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
};

function entryJson(call: CallRow): EntryJson {
  const { cost, reportedCost, computedCost } = call;
  return {
    operation_id: idOfOperation(call.operationId),
    attempt: call.attempt,
    status: call.status,
    started_at: formatInstant(call.startedAt),
    ended_at: formatInstant(call.endedAt),
    recorded_at: call.recordedAt === undefined ? null : formatInstant(call.recordedAt),
    provider: call.route.provider,
    model: call.model,
    requested_model: call.route.replaced?.model ?? call.route.model,
    replaced_by_rule: call.route.replaced?.ruleId ?? null,
    endpoint: call.route.endpoint,
    key_id: call.route.keyId,
    attribution: call.attribution,
    usage: { ...noUsage, ...call.usage },
    parts: call.parts.map(({ model, usage }) => ({ model, usage: { ...noUsage, ...usage } })),
    charges: call.charges.map(chargeJson),
    cost_usd: formatUsd(cost),
    reported_cost_usd: reportedCost === null ? null : formatUsd(reportedCost),
    computed_cost_usd: computedCost === undefined ? null : formatUsd(computedCost),
    difference_usd:
      reportedCost === null ? null : formatUsd(subtract(reportedCost, computedCost ?? cost)),
    flags: call.flags,
    latency_ms: call.latencyMs,
    price_version: call.priceVersion,
    raw_usage: call.rawUsage,
    refusal: null,
    correction: call.correction && {
      at: formatInstant(call.correction.at),
      reason: call.correction.reason,
    },
  };
}

/** A refused call as an entry: it used and cost nothing. */
function refusalJson({ at, reason, budgetId, ...refusal }: RefusalRow): EntryJson {
  const call = {
    ...refusal,
    attempt: 0,
    startedAt: at,
    endedAt: at,
    model: refusal.route.model,
    ...nothingUsed,
  };
  return {
    ...entryJson({ ...call, status: "released" }),
    status: "refused",
    refusal: { reason, budget_id: budgetId },
  };
}

const nothingUsed = {
  usage: {},
  parts: [],
  correction: null,
  charges: [],
  cost: zero,
  reportedCost: null,
  rawUsage: null,
  flags: [],
  latencyMs: 0,
  priceVersion: "",
} as const;
