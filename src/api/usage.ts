/** Serves `/api/v1/usage`: calls that were metered elsewhere, in batches. */

import { recordUsage, type RowAnswer } from "../app/ingest/usage-batch.ts";
import {
  mostUsageRows,
  usageAnswerSchema,
  usageInput,
  type UsageAnswerJson,
} from "../contract/usage.ts";
import { formatUsd } from "../domain/money/money.ts";
import { answer, callers, ok, problem, route, type Route } from "./route.ts";
import { readRows } from "./usage-row.ts";

export const usageRoutes: readonly Route[] = [
  route({
    method: "post",
    path: "/api/v1/usage",
    access: callers,
    tag: "usage",
    summary: "Record calls that were metered elsewhere, each once",
    description:
      `Up to ${mostUsageRows} rows, each answered by itself: an invalid row does not affect the others. ` +
      "After an error or a lost answer, send the batch again: it charges only what is missing. " +
      "No budget refuses a row, since the money is spent: what goes past a limit is an overrun. " +
      "A caller's key records at most what its budgets have left.",
    body: usageInput,
    responses: {
      200: answer("An answer for each row, in order.", usageAnswerSchema),
      400: problem("The batch is invalid."),
    },
    async handler({ body: { data }, caller, context }) {
      const answers = await recordUsage(context, caller, readRows(context, data));
      const count = (...statuses: readonly RowAnswer["status"][]): number =>
        answers.filter(({ status }) => statuses.includes(status)).length;
      return ok({
        data: answers.map((one, index) => rowJson(one, { index, row: data[index] })),
        recorded: count("recorded"),
        repeated: count("repeated"),
        failed: count("invalid", "conflict"),
      });
    },
  }),
];

function rowJson(
  one: RowAnswer,
  { index, row }: { readonly index: number; readonly row: unknown },
): UsageAnswerJson["data"][number] {
  if (!("error" in one)) {
    const { operationId, status, cost, flags } = one;
    return { index, operation_id: operationId, status, cost_usd: formatUsd(cost), flags };
  }
  const { code, message, detail } = one.error;
  return {
    index,
    operation_id: one.operationId ?? idIn(row),
    status: one.status,
    cost_usd: null,
    flags: [],
    error: {
      code,
      detail: message,
      field: detail.field ?? null,
      remedy: detail.remedy ?? null,
    },
  };
}

/** The id of a row that cannot be read, if it has one. */
function idIn(row: unknown): string | null {
  if (typeof row !== "object" || row === null) return null;
  const id: unknown = Reflect.get(row, "operation_id") ?? Reflect.get(row, "id");
  return typeof id === "string" ? id : null;
}
