/** Port to what makes files to export, and what a file is asked to have. */

import type { FocusVersion } from "../../domain/focus/focus-columns.ts";
import type { SchedulePeriod } from "./export-schedule.ts";
import type { ReportBudget } from "./file-writer.ts";
import type { CallFilter } from "./reader.ts";

/** What the rows of a CSV or JSON file are. */
export type ExportedRows =
  | "calls"
  | "tasks"
  | "attributions"
  | "token_usage"
  | "cost_entries"
  | "requests";

export interface RowsJob {
  readonly format: "csv" | "json";
  readonly rows: ExportedRows;
  readonly filter: CallFilter;
  /** What the reader may see at all: a request in the filter is exported with all its charges. */
  readonly scope: CallFilter;
  /** Keys whose charges may belong to the request of another key. */
  readonly adminKeys: ReadonlySet<string>;
}

export interface WorkbookJob {
  readonly format: "xlsx";
  readonly filter: CallFilter;
}

/** A range in milliseconds since the epoch; `to` is exclusive. */
interface Range {
  readonly from: number;
  readonly to: number;
}

export interface ReportJob extends Range {
  readonly format: "pdf";
  readonly filter: CallFilter;
  readonly timeZone: string;
  readonly madeAt: number;
  readonly budgets: readonly ReportBudget[];
}

export interface FocusJob extends Range {
  readonly format: "focus";
  readonly filter: CallFilter;
  /** The length of a charge period, in UTC. */
  readonly period: "hour" | "day";
  readonly version: FocusVersion;
  /** How long what the file has may still change, in UTC; a later correction is a row of its own. */
  readonly closing: SchedulePeriod;
  /** Whether a computed cost is published as billed. */
  readonly billsComputed: boolean;
}

export type ExportJob = RowsJob | WorkbookJob | ReportJob | FocusJob;

export interface Exporter {
  /**
   * The parts of the file, made as they are read. Reading stops the work when it is ended early, or
   * when the signal aborts.
   *
   * Throws PurserError `invalid_request` with the first part for an empty range, or an unknown time
   * zone.
   */
  run(job: ExportJob, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
