/** Serves `/api/v1/exports`: calls and sums as files, streamed while they are read. */

import type { Principal } from "../app/caller/principal.ts";
import { callTable } from "../app/export/call-table.ts";
import { costTable } from "../app/export/cost-tables.ts";
import { focusTable } from "../app/export/focus-table.ts";
import { groupTable } from "../app/export/group-table.ts";
import { requestTable } from "../app/export/request-table.ts";
import { reportFigures } from "../app/export/report-figures.ts";
import type { ReportBudget } from "../app/port/file-writer.ts";
import type { CallFilter } from "../app/port/reader.ts";
import { visibleValue } from "../app/report/scope.ts";
import {
  exportedRows,
  focusQuery,
  reportQuery,
  rowsQuery,
  workbookQuery,
  type ExportRows,
} from "../contract/export.ts";
import { dimensions } from "../domain/attribution/attribution.ts";
import { everyValue } from "../domain/budget/applies.ts";
import { PurserError } from "../domain/error.ts";
import { monthOf } from "../domain/focus/focus-columns.ts";
import { csvOf } from "../domain/table/csv.ts";
import { jsonOf } from "../domain/table/json.ts";
import type { Table } from "../domain/table/table.ts";
import type { ApiContext } from "./context.ts";
import { fileReply } from "./file-reply.ts";
import { figuresFilter } from "./filter.ts";
import {
  answer,
  problem,
  readers,
  route,
  type ResponseSpecification,
  type Route,
} from "./route.ts";

const csvType = "text/csv; charset=utf-8";
const pdfType = "application/pdf";
const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const problems = {
  400: problem("A filter is invalid."),
  403: problem("The key may not read these figures."),
};

export const exportRoutes: readonly Route[] = [
  route({
    method: "get",
    path: "/api/v1/exports/csv",
    access: readers,
    tag: "exports",
    summary: "Export calls or sums as CSV",
    description:
      "Amounts are exact. A text that a spreadsheet would run as a formula is prefixed with an apostrophe.",
    query: rowsQuery,
    responses: { 200: file("The rows.", "text/csv"), ...problems },
    handler: async ({ query, caller, context }) =>
      fileReply(csvOf(rowTable(query, { caller, context })), {
        mediaType: csvType,
        name: fileName(query.rows, query, "csv"),
      }),
  }),
  route({
    method: "get",
    path: "/api/v1/exports/json",
    access: readers,
    tag: "exports",
    summary: "Export calls or sums as JSON",
    description: '`{"data":[…]}` with a row on each line.',
    query: rowsQuery,
    responses: { 200: answer("The rows.", exportedRows), ...problems },
    handler: async ({ query, caller, context }) =>
      fileReply(jsonOf(rowTable(query, { caller, context })), {
        mediaType: "application/json",
        name: fileName(query.rows, query, "json"),
      }),
  }),
  route({
    method: "get",
    path: "/api/v1/exports/xlsx",
    access: readers,
    tag: "exports",
    summary: "Export calls and sums as a spreadsheet",
    description:
      "Sheets with the totals, the sums by provider, model, team, project, user and task, and all calls.",
    query: workbookQuery,
    responses: { 200: file("The spreadsheet.", xlsxType), ...problems },
    handler: async ({ query, caller, context }) => {
      const filter = exportFilter(caller, query, context);
      return fileReply(context.files.workbook(workbookTables(context, filter)), {
        mediaType: xlsxType,
        name: fileName("spend", query, "xlsx"),
      });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/exports/pdf",
    access: readers,
    tag: "exports",
    summary: "Export a report to print",
    description:
      "Totals, spend over time, sums by model, provider, team, project, user and agent, and budgets. Without `from`: the month of `to`. Without `to`: until now.",
    query: reportQuery,
    responses: { 200: file("The report.", pdfType), ...problems },
    handler: async ({ query, caller, context }) => {
      const figures = await reportFigures(context.reader, {
        ...rangeOf(query, { caller, context }),
        timeZone: query.time_zone,
        madeAt: context.clock.now(),
        budgets: await visibleBudgets(caller, context),
      });
      return fileReply(onePart(context.files.report(figures)), {
        mediaType: pdfType,
        name: fileName("report", query, "pdf"),
      });
    },
  }),
  route({
    method: "get",
    path: "/api/v1/exports/focus",
    access: readers,
    tag: "exports",
    summary: "Export charges as FOCUS",
    description:
      "CSV with a row for each period, account and SKU, which is a meter of a model. Without `from`: the month of `to`. Without `to`: until now.",
    query: focusQuery,
    responses: { 200: file("The charges.", "text/csv"), ...problems },
    handler: async ({ query, caller, context }) => {
      const table = focusTable(context.reader, {
        ...rangeOf(query, { caller, context }),
        period: query.period,
        version: query.version,
        billsComputed: query.billed_cost === "computed",
      });
      return fileReply(csvOf(table), {
        mediaType: csvType,
        name: fileName(`focus-${query.version}`, query, "csv"),
      });
    },
  }),
];

function file(description: string, mediaType: string): ResponseSpecification {
  return { description, mediaType };
}

interface Asked {
  readonly caller: Principal;
  readonly context: ApiContext;
}

function rowTable(
  query: Parameters<typeof exportFilter>[1] & { readonly rows: ExportRows },
  { caller, context }: Asked,
): Table {
  const filter = exportFilter(caller, query, context);
  const { rows } = query;
  if (rows === "calls") return callTable(context.reader, filter);
  if (rows === "tasks" || rows === "attributions")
    return groupTable(context.reader, rows, {
      filter,
      by: rows === "tasks" ? ["task"] : dimensions,
    });
  if (rows === "requests") {
    const scope = figuresFilter(caller, { include: query.include }, context);
    return requestTable(context.reader, { scope, wanted: { ...filter, charged: true } });
  }
  return costTable(context.reader, filter, rows);
}

function workbookTables({ reader }: ApiContext, filter: CallFilter): readonly Table[] {
  const sums = workbookGroups.map(([name, by]) => groupTable(reader, name, { filter, by }));
  return [...sums, callTable(reader, filter)];
}

const workbookGroups: readonly (readonly [string, readonly string[]])[] = [
  ["Summary", []],
  ["By provider", ["provider"]],
  ["By model", ["provider", "model"]],
  ["By team", ["team"]],
  ["By project", ["project"]],
  ["By user", ["user"]],
  ["By task", ["task"]],
];

/** @throws PurserError `invalid_request` for refused calls, which have no rows here. */
function exportFilter(
  caller: Principal,
  query: Parameters<typeof figuresFilter>[1],
  context: ApiContext,
): CallFilter {
  if (query.status !== "refused") return figuresFilter(caller, query, context);
  throw new PurserError("invalid_request", "status: refused calls are not exported", {
    field: "status",
    remedy: "List them with /api/v1/entries?status=refused, or choose another status.",
  });
}

/** The filter with both ends of its range: by default, the month until now. */
function rangeOf(
  query: Parameters<typeof exportFilter>[1],
  { caller, context }: Asked,
): { readonly filter: CallFilter; readonly from: number; readonly to: number } {
  const filter = exportFilter(caller, query, context);
  const to = filter.to ?? context.clock.now() + 1;
  return { filter, from: filter.from ?? monthOf(to - 1).start, to };
}

/** The budgets of which the caller sees a counter, with their current window. */
async function visibleBudgets(
  caller: Principal,
  { ledger, clock }: ApiContext,
): Promise<readonly ReportBudget[]> {
  const shown: ReportBudget[] = [];
  for (const budget of ledger.budgets()) {
    const value = visibleValue(caller, budget);
    if (value === undefined || (value === null && budget.resourceId === everyValue)) continue;
    const balances = await ledger.balances(budget.budgetId, clock.now());
    const balance = balances.find(({ counter }) => value === null || counter.value === value);
    const { budgetId, amount, currency } = budget;
    shown.push({ budgetId, limit: amount, currency, spent: balance?.spent ?? 0n });
  }
  return shown;
}

async function* onePart(file: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await file;
}

/** `purser-calls-2026-11-01-2026-12-01.csv` */
function fileName(
  what: string,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  ending: string,
): string {
  const range = [from, to].flatMap((one) => (one === undefined ? [] : [`-${one.slice(0, 10)}`]));
  return `purser-${what}${range.join("")}.${ending}`.replaceAll(/[^\w.-]/g, "_");
}
