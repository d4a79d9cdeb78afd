/** Makes the file of a job from the ledger, part by part. */

import { dimensions } from "../../domain/attribution/attribution.ts";
import { csvOf } from "../../domain/table/csv.ts";
import { jsonOf } from "../../domain/table/json.ts";
import type { Table } from "../../domain/table/table.ts";
import type { ExportJob, ReportJob, RowsJob } from "../port/exporter.ts";
import type { FileWriter } from "../port/file-writer.ts";
import type { CallFilter, LedgerReader } from "../port/reader.ts";
import { callTable } from "./call-table.ts";
import { costTable } from "./cost-tables.ts";
import { focusTable } from "./focus-table.ts";
import { groupTable } from "./group-table.ts";
import { requestTable } from "./request-table.ts";
import { reportFigures } from "./report-figures.ts";

/** What exports ask of the ledger. */
export type ExportReader = Pick<LedgerReader, "calls" | "corrections" | "requestLines" | "totals">;

export interface FileParts {
  readonly reader: ExportReader;
  readonly files: FileWriter;
}

/** @throws PurserError `invalid_request`, at once or with the first part. */
export function makeFile(
  job: ExportJob,
  { reader, files }: FileParts,
): AsyncIterable<string | Uint8Array> {
  switch (job.format) {
    case "csv":
      return csvOf(rowTable(reader, job));
    case "json":
      return jsonOf(rowTable(reader, job));
    case "focus":
      return csvOf(focusTable(reader, job));
    case "xlsx":
      return files.workbook(workbookTables(reader, job.filter));
    case "pdf":
  }
  return drawReport(job, { reader, files });
}

function rowTable(reader: ExportReader, { rows, filter, scope, adminKeys }: RowsJob): Table {
  if (rows === "calls") return callTable(reader, filter);
  if (rows === "tasks" || rows === "attributions")
    return groupTable(reader, rows, { filter, by: rows === "tasks" ? ["task"] : dimensions });
  if (rows === "requests")
    return requestTable(reader, { scope, adminKeys, wanted: { ...filter, charged: true } });
  return costTable(reader, filter, rows);
}

function workbookTables(reader: ExportReader, filter: CallFilter): readonly Table[] {
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

async function* drawReport(
  job: ReportJob,
  { reader, files }: FileParts,
): AsyncGenerator<Uint8Array> {
  yield await files.report(await reportFigures(reader, job));
}
