/** Serves `/api/v1/usage`: calls that were metered elsewhere, in batches. */

import { recordUsage, type RowAnswer } from "../app/ingest/usage-batch.ts";
import {
  mostUsageRows,
  usageAnswerSchema,
  usageInput,
  type UsageAnswerJson,
} from "../contract/usage.ts";
import { formatUsd } from "../domain/money/money.ts";
import { countsOf, errorJson, idIn } from "./batch-answer.ts";
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
      return ok({
        data: answers.map((one, index) => rowJson(one, { index, row: data[index] })),
        ...countsOf(answers),
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
  return {
    index,
    operation_id: one.operationId ?? idIn(row, ["operation_id", "id"]),
    status: one.status,
    cost_usd: null,
    flags: [],
    error: errorJson(one.error, index),
  };
}
