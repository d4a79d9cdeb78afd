/** Port to the file formats that are not text: spreadsheets and printable reports. */

import type { Balance } from "../../domain/ledger/counter.ts";
import type { Table } from "../../domain/table/table.ts";
import type { Figures, GroupFigures } from "./reader.ts";

export interface FileWriter {
  /** A spreadsheet (XLSX) with a sheet for each table, made as its rows are read. */
  workbook(tables: readonly Table[]): AsyncIterable<Uint8Array>;
  /** A printable report (PDF). */
  report(figures: ReportFigures): Promise<Uint8Array>;
}

/** What a printed report shows. Amounts are in pico-USD, times in milliseconds since the epoch. */
export interface ReportFigures {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** IANA name, for the dates. */
  readonly timeZone: string;
  readonly madeAt: number;
  readonly total: Figures;
  /** Spend over time. */
  readonly chart: ReportChart;
  readonly tables: readonly ReportTable[];
  readonly budgets: readonly ReportBudget[];
}

export interface ReportChart {
  readonly bucket: "hour" | "day" | "week" | "month";
  /** The models with the highest spend, and "Other". */
  readonly names: readonly string[];
  readonly bars: readonly {
    readonly start: number;
    /** In USD, by place in `names`. */
    readonly usd: readonly number[];
  }[];
}

export interface ReportTable {
  readonly title: string;
  /** The most expensive first. */
  readonly rows: readonly (Figures & { readonly name: string })[];
  /** Groups that are not listed, summed. */
  readonly rest: GroupFigures | null;
}

export interface ReportBudget extends Pick<Balance, "spent"> {
  readonly budgetId: string;
  readonly limit: bigint;
  readonly currency: string;
}
