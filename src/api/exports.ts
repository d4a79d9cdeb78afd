/** Serves `/api/v1/exports`: calls and sums as files, streamed while they are read. */

import type { z } from "zod";
import type { Principal } from "../app/caller/principal.ts";
import { reportBudgets } from "../app/export/report-budgets.ts";
import type { CallFilter } from "../app/port/reader.ts";
import {
  exportedRows,
  focusQuery,
  reportQuery,
  rowsQuery,
  workbookQuery,
} from "../contract/export.ts";
import { PurserError } from "../domain/error.ts";
import { monthOf } from "../domain/focus/focus-columns.ts";
import type { ApiContext } from "./context.ts";
import { fileReply } from "./file-reply.ts";
import { adminKeys, figuresFilter } from "./filter.ts";
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
  429: problem("Too many exports are waiting."),
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
    handler: async ({ query, caller, context, request }) =>
      rowsReply("csv", query, { caller, context, signal: request.signal }),
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
    handler: async ({ query, caller, context, request }) =>
      rowsReply("json", query, { caller, context, signal: request.signal }),
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
    handler: async ({ query, caller, context, request }) => {
      const job = { format: "xlsx", filter: exportFilter(caller, query, context) } as const;
      return fileReply(context.exporter.run(job, request.signal), {
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
    handler: async ({ query, caller, context, request }) => {
      const job = {
        format: "pdf",
        ...rangeOf(query, { caller, context }),
        timeZone: query.time_zone,
        madeAt: context.clock.now(),
        budgets: await reportBudgets(caller, context),
      } as const;
      return fileReply(context.exporter.run(job, request.signal), {
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
    handler: async ({ query, caller, context, request }) => {
      const job = {
        format: "focus",
        ...rangeOf(query, { caller, context }),
        period: query.period,
        closing: "month",
        version: query.version,
        billsComputed: query.billed_cost === "computed",
      } as const;
      return fileReply(context.exporter.run(job, request.signal), {
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

async function rowsReply(
  format: "csv" | "json",
  query: z.output<typeof rowsQuery>,
  { caller, context, signal }: Asked & { readonly signal: AbortSignal },
): Promise<Response> {
  const filter = exportFilter(caller, query, context);
  const scope = figuresFilter(caller, { include: query.include }, context);
  const job = { format, rows: query.rows, filter, scope, adminKeys: adminKeys(context) } as const;
  return fileReply(context.exporter.run(job, signal), {
    mediaType: format === "csv" ? csvType : "application/json",
    name: fileName(query.rows, query, format),
  });
}

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

/** `purser-calls-2026-11-01-2026-12-01.csv` */
function fileName(
  what: string,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  ending: string,
): string {
  const range = [from, to].flatMap((one) => (one === undefined ? [] : [`-${one.slice(0, 10)}`]));
  return `purser-${what}${range.join("")}.${ending}`.replaceAll(/[^\w.-]/g, "_");
}
