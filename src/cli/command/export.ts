/** `purser export`: writes calls, sums or charges to a file, or to standard output. */

import { createWriteStream } from "node:fs";
import { access, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { Argument, type Command } from "commander";
import { exportRows, type ExportRows } from "../../contract/export.ts";
import { PurserError } from "../../domain/error.ts";
import { focusVersions, type FocusVersion } from "../../domain/focus/focus-columns.ts";
import type { Connection } from "../connection.ts";
import type { CommandContext } from "../context.ts";
import { readFigures } from "../figures.ts";
import { sameNames } from "../option-words.ts";
import {
  filtersOf,
  moment,
  startMoment,
  oneOf,
  type TargetOptions,
  withFilter,
  withTarget,
} from "../option.ts";
import { printJson, withConnection } from "../session.ts";
import { grouped } from "../terminal/number.ts";
import { startProgress, type Progress } from "../terminal/progress.ts";
import { listSchedules } from "../export-schedules.ts";
import { checkRange } from "./report.ts";

const formats = ["csv", "json", "xlsx", "pdf", "focus"] as const;
type Format = (typeof formats)[number];

interface ExportOptions extends TargetOptions {
  readonly out?: string;
  readonly force?: true;
  readonly schedules?: true;
  readonly from?: string;
  readonly to?: string;
  readonly rows?: ExportRows;
  readonly focusVersion?: FocusVersion;
  readonly period?: "day" | "hour";
  readonly timeZone?: string;
  readonly billedCost?: "reported" | "computed";
  readonly include?: "simulator";
  readonly filter: readonly string[];
}

/** Which formats have an option, so that no option is ignored. */
const optionFormats: Readonly<Record<string, readonly Format[]>> = {
  rows: ["csv", "json"],
  focusVersion: ["focus"],
  period: ["focus"],
  billedCost: ["focus"],
  timeZone: ["pdf"],
};

const words = {
  ...sameNames("from", "to", "rows", "period", "billed_cost", "time_zone", "include"),
  version: { option: "--focus-version" },
};

export function defineExport(command: Command, context: CommandContext): void {
  withFilter(
    withTarget(command.addArgument(new Argument("[format]", "csv, json, xlsx, pdf or focus"))),
  )
    .option("--out <file>", "file to write (default: standard output)")
    .option("--schedules", "list the scheduled exports instead of exporting")
    .option("--force", "replace the file if it exists")
    .option(
      "--from <date>",
      "start date or time, or epoch (pdf, focus: this month)",
      startMoment("--from"),
    )
    .option("--to <date>", "end date or time, excluded (now)", moment("--to"))
    .option("--rows <rows>", `csv, json: ${exportRows.join(", ")}`, oneOf("--rows", exportRows))
    .option(
      "--focus-version <version>",
      `focus: ${focusVersions.join(" or ")}`,
      oneOf("--focus-version", focusVersions),
    )
    .option("--period <period>", "focus: day or hour", oneOf("--period", ["day", "hour"]))
    .option(
      "--billed-cost <figures>",
      "focus: reported, or computed for tools that read only BilledCost",
      oneOf("--billed-cost", ["reported", "computed"]),
    )
    .option("--time-zone <name>", "pdf: IANA name for its dates (UTC)")
    .option(
      "--include <calls>",
      "simulator: include its calls, too",
      oneOf("--include", ["simulator"]),
    )
    .addHelpText(
      "after",
      `
Amounts are exact. The file appears when it is complete. A date means midnight UTC.

Examples:
  purser export csv --from 2026-11-01 --to 2026-12-01 > november.csv
  purser export csv --rows tasks --filter team=search
  purser export xlsx --out spend.xlsx
  purser export focus --out focus.csv
  purser export --schedules`,
    )
    .action(async (format: string | undefined, options: ExportOptions) => {
      if (options.schedules === true) return listSchedules(context, options);
      const wanted = oneOf("<format>", formats)(format ?? "");
      checkOptions(wanted, options);
      checkRange(options, Date.now());
      if (options.out !== undefined) await checkFile(options.out, options.force === true);
      else if (wanted === "xlsx" || wanted === "pdf") throw noFile(wanted);
      await withConnection(context, { target: options, words, isWatch: true }, (connection) =>
        writeExport(connection, wanted, { options, context }),
      );
    });
}

interface Run {
  readonly options: ExportOptions;
  readonly context: CommandContext;
}

async function writeExport(
  connection: Connection,
  format: Format,
  { options, context }: Run,
): Promise<void> {
  const progress = startProgress(context.screen.notes, {
    label: "Exporting",
    now: () => performance.now(),
  });
  try {
    const rows = await expectedRows(connection, format, options);
    const file = await connection.download(`/api/v1/exports/${format}?${queryOf(options)}`);
    const parts = counting(file, { rows, progress });
    if (options.out !== undefined) {
      const bytes = await writeWhole(parts, options.out);
      return options.json === true ? printJson(context, { file: options.out, bytes }) : undefined;
    }
    const decoder = new TextDecoder();
    for await (const part of parts) context.screen.out.draw(decoder.decode(part, { stream: true }));
  } finally {
    progress.end();
  }
}

/** The number of calls to write; 0 if progress cannot be judged by it. */
async function expectedRows(
  connection: Connection,
  format: Format,
  options: ExportOptions,
): Promise<number> {
  const isByCall = (format === "csv" || format === "json") && (options.rows ?? "calls") === "calls";
  if (!isByCall || options.filter.length > 0) return 0;
  const { total } = await readFigures(connection, { ...options, by: [] });
  return total.calls + total.charges + total.released;
}

/** Counts lines, each of which is about one row. */
async function* counting(
  file: AsyncIterable<Uint8Array>,
  { rows, progress }: { readonly rows: number; readonly progress: Progress },
): AsyncGenerator<Uint8Array> {
  let lines = 0;
  let bytes = 0;
  for await (const part of file) {
    yield part;
    bytes += part.length;
    if (rows > 0) for (const byte of part) if (byte === lineFeed) lines += 1;
    const detail =
      rows > 0 ? `${grouped(lines)} rows` : `${grouped(Math.ceil(bytes / 1024))} KB written`;
    progress.update(rows > 0 ? lines / rows : 0, detail);
  }
}

const lineFeed = 10;

/** Writes under a temporary name in the same folder, so that no half of a file is left behind. @returns Bytes. */
async function writeWhole(parts: AsyncIterable<Uint8Array>, file: string): Promise<number> {
  const partial = `${file}.${process.pid}.part`;
  try {
    await pipeline(parts, createWriteStream(partial, { mode: 0o600 }));
    const { size } = await stat(partial);
    await rename(partial, file);
    return size;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function queryOf(options: ExportOptions): string {
  const query = new URLSearchParams();
  const fields = {
    from: options.from,
    to: options.to,
    rows: options.rows,
    version: options.focusVersion,
    period: options.period,
    billed_cost: options.billedCost,
    time_zone: options.timeZone,
    include: options.include,
  };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) query.set(name, value);
  for (const [name, value] of filtersOf(options.filter)) query.append(name, value);
  return query.toString();
}

function checkOptions(format: Format, options: ExportOptions): void {
  for (const [name, supported] of Object.entries(optionFormats)) {
    if (!Object.hasOwn(options, name) || supported.includes(format)) continue;
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new PurserError("invalid_request", `${flag} does not apply to ${format}`, {
      field: flag,
      remedy: `Leave it out, or export ${supported.join(" or ")}.`,
    });
  }
}

function noFile(format: Format): PurserError {
  return new PurserError("invalid_request", `--out is missing: ${format} is not text`, {
    field: "--out",
    remedy: `Give a file, such as --out spend.${format}.`,
  });
}

/** Checks before the work begins what would make it useless. */
async function checkFile(file: string, isReplaced: boolean): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  await access(folder).catch((cause: unknown) => {
    throw new PurserError("invalid_request", `--out: there is no folder ${folder}`, {
      field: "--out",
      remedy: "Create the folder, or give a file in another one.",
      cause,
    });
  });
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists || isReplaced) return;
  throw new PurserError("invalid_request", `--out: ${file} exists already`, {
    field: "--out",
    remedy: "Give another name, or replace it with --force.",
  });
}
