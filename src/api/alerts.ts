/** Serves `/api/v1/alerts`: crossed thresholds of budgets, each once per window. */

import type { AlertRow } from "../app/port/reader.ts";
import { alertPageSchema, alertQuery, type AlertJson } from "../contract/alert.ts";
import { formatAmount } from "../domain/budget/amount.ts";
import { formatInstant } from "../domain/input/scalar.ts";
import { cutPage, readCursor } from "./page.ts";
import { adminOnly, answer, ok, problem, route, type Route } from "./route.ts";
import { windowJson } from "./window.ts";

export const alertRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/alerts",
    access: adminOnly,
    tag: "budgets",
    summary: "List crossed thresholds, newest first",
    query: alertQuery,
    responses: {
      200: answer("A page of alerts.", alertPageSchema),
      400: problem("A field is invalid."),
    },
    async handler({ query, context }) {
      const paged = { list: "alerts", ...query };
      const rows = await context.reader.alerts({
        budgetId: query.budget_id ?? null,
        limit: query.limit + 1,
        before: readCursor(query.cursor, paged),
      });
      const page = cutPage(rows, paged);
      return ok({
        data: page.rows.map(alertJson),
        next_cursor: page.nextCursor,
      });
    },
  }),
];

function alertJson({ at, counter, partsPerMillion, spent, limit }: AlertRow): AlertJson {
  const { currency, budgetId, value, windowStart, windowEnd } = counter;
  return {
    at: formatInstant(at),
    budget_id: budgetId,
    value,
    threshold: partsPerMillion / 1_000_000,
    currency,
    spent: formatAmount(spent, currency),
    limit: formatAmount(limit, currency),
    window: windowJson({ start: windowStart, end: windowEnd }),
  };
}
