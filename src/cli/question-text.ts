/** Prints a report of the API: as a table with bars, or as CSV. */

import { isMetric, metrics } from "../app/report/metric.ts";
import type { ReportJson } from "../contract/report.ts";
import { csvLine, harmless } from "../domain/table/csv.ts";
import { beginning, withKeyName } from "./figures.ts";
import { bar } from "./terminal/bar.ts";
import { atThePoint, counted, duration, grouped, moneyIn, percent } from "./terminal/number.ts";
import type { Output } from "./terminal/screen.ts";
import { type Column, table } from "./terminal/table.ts";

type Total = ReportJson["total"];
type Value = string | number | null | undefined;

/** A row of the report: of a group, of a time, or of a group at a time. */
interface Line extends Pick<Total, "figures" | "share">, Partial<Pick<Total, "before" | "change">> {
  readonly labels: readonly string[];
}

/** The range, one row a group or time, and the total. Amounts are rounded. */
export function questionText(report: ReportJson, { paint, columns: room }: Output): string {
  const heading = paint.dim(`${rangeText(report)}\n`);
  const lines = linesOf(report);
  if (lines.length === 0) return `${heading}${paint.dim("No calls in this range.\n")}`;
  const { total } = report;
  const titles = titlesOf(report);
  const all = [...lines, { ...total, labels: ["total"] }];
  const figures = [...metricCells(report, all), ...comparedCells(report, all)];
  const bars = barCells(report, lines).map(({ column, cells }) => ({
    column,
    cells: column.title === "" ? cells.map(paint.cyan) : cells,
  }));
  const cells = all.map(({ labels }, index) => [
    ...titles.map((_, at) => labels[at] ?? ""),
    ...[...figures, ...bars].map((one) => one.cells[index] ?? ""),
  ]);
  cells.push(cells.pop()?.map(paint.bold) ?? []);
  const shown = [...titles.map((title) => ({ title })), ...[...figures, ...bars].map(columnOf)];
  return `${heading}\n${table(shown, cells, { heading: paint.dim, room })}${paint.dim(notesText(report))}`;
}

/** Exact figures. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function questionCsv(report: ReportJson): string {
  const isCompared = report.compare !== null && report.bucket === "none";
  const names = report.metrics;
  const headed = (name: string): string => headerOf(name, currencyOf(report));
  const before = isCompared
    ? names.flatMap((name) => [`before_${headed(name)}`, `change_${name}`])
    : [];
  const header = [...titlesOf(report), ...names.map(headed), ...before];
  const rows = linesOf(report).map((line) => [
    ...titlesOf(report).map((_, at) => harmless(line.labels[at] ?? "")),
    ...names.map((name) => exact(valueOf(line.figures, name))),
    ...(isCompared ? names : []).flatMap((name) => [
      exact(valueOf(line.before, name)),
      exact(line.change?.[name]),
    ]),
  ]);
  return [header, ...rows].map(csvLine).join("");
}

/** `cost_usd`, `cost_per_call_eur`, `calls`. */
function headerOf(metric: string, currency: string): string {
  return metric.startsWith("cost") ? `${metric}_${currency.toLowerCase()}` : metric;
}

function exact(value: Value): string {
  return value === null || value === undefined ? "" : String(value);
}

function titlesOf({ bucket, by }: ReportJson): readonly string[] {
  return [...(bucket === "none" ? [] : [bucket]), ...by];
}

/** With a time axis, times come first, and each has its groups in the order of the report. */
function linesOf(report: ReportJson): readonly Line[] {
  const { bucket, by, rows, data } = report;
  if (bucket === "none")
    return rows.map((row) => ({ ...row, labels: groupLabels(report, row.group) }));
  return data.flatMap(({ start, total, rows: groups }): readonly Line[] => {
    const time = timeLabel(start, report);
    if (by.length === 0) return [{ ...total, labels: [time] }];
    return groups.map((row) => ({ ...row, labels: [time, ...groupLabels(report, row.group)] }));
  });
}

function groupLabels({ by, key_names: names }: ReportJson, group: Group): readonly string[] {
  if (group === null) return ["all others"];
  const named = withKeyName(group, names);
  return by.map((name) => named[name] ?? "unattributed");
}

type Group = ReportJson["rows"][number]["group"];

/** An hour has its offset from UTC: when clocks go back, one hour of the day occurs twice. */
function timeLabel(start: string, { bucket, time_zone: timeZone }: ReportJson): string {
  const zoned = Temporal.Instant.from(start).toZonedDateTimeISO(timeZone);
  if (bucket === "month") return zoned.toPlainDate().toString().slice(0, 7);
  if (bucket !== "hour") return zoned.toPlainDate().toString();
  return `${minuteOf(start, timeZone)}${timeZone === "UTC" ? "" : zoned.offset}`;
}

function minuteOf(at: string, timeZone: string): string {
  const zoned = Temporal.Instant.from(at).toZonedDateTimeISO(timeZone);
  return zoned.toPlainDateTime().toString({ smallestUnit: "minute" }).replace("T", " ");
}

function rangeText({ from, to, compare, time_zone: timeZone }: ReportJson): string {
  const range = (one: { readonly from: string; readonly to: string }): string =>
    `${minuteOf(one.from, timeZone)} to ${minuteOf(one.to, timeZone)}`;
  const own =
    Date.parse(from) === Date.parse(beginning)
      ? `everything until ${minuteOf(to, timeZone)}`
      : range({ from, to });
  const before = compare === null ? "" : `, compared with ${range(compare)}`;
  return `${own}${before} (${timeZone})`;
}

interface Cells {
  readonly column: Column;
  readonly cells: readonly string[];
}

function columnOf({ column }: Cells): Column {
  return column;
}

const figure = { align: "right" } as const;

/** On a narrow terminal the last are left out first, but neither cost nor the metric of the order. */
function metricCells(report: ReportJson, lines: readonly Line[]): readonly Cells[] {
  return report.metrics.map((name, index) => ({
    column: {
      title: titleOf(name, currencyOf(report)),
      ...figure,
      ...(name !== "cost" && name !== sortedBy(report) && { spare: 3 + index }),
    },
    cells: figureCells(
      report,
      name,
      lines.map(({ figures }) => valueOf(figures, name)),
    ),
  }));
}

/** Of the metric of the order. Times are not compared. */
function comparedCells(report: ReportJson, lines: readonly Line[]): readonly Cells[] {
  if (report.compare === null) return [];
  const name = sortedBy(report);
  const before = lines.map((line) => valueOf(line.before, name));
  const change = lines.map((line) => changeText(line.change?.[name]));
  return [
    { column: { title: "before", ...figure }, cells: figureCells(report, name, before) },
    { column: { title: "change", ...figure, spare: 2 }, cells: change },
  ];
}

/** Groups have their share of the total; a time has a bar as long as it is to the largest. */
function barCells(report: ReportJson, lines: readonly Line[]): readonly Cells[] {
  const shares = lines.map(({ share }) => share ?? 0);
  const isTimed = report.bucket !== "none";
  const whole = isTimed ? Math.max(0, ...shares) : 1;
  const bars = shares.map((share) => (whole === 0 ? "" : bar(share / whole, barWidth)));
  return [
    ...(isTimed
      ? []
      : [{ column: { title: "share", ...figure, spare: 99 }, cells: shares.map(percent) }]),
    { column: { title: "", spare: 100 }, cells: bars },
  ];
}

const barWidth = 16;

function notesText({ groups_left_out: left, rows, total }: ReportJson): string {
  const more =
    left === 0
      ? ""
      : `all others are ${counted(left, "group")}: --top ${rows.length - 1 + left} lists them\n`;
  const partial = Object.entries(total.coverage).flatMap(([name, { calls, share }]) =>
    share === null || share === 1
      ? []
      : [`${percent(share)} of the charged calls (${grouped(calls)}) have a ${name}\n`],
  );
  return `${more}${partial.join("")}`;
}

function sortedBy({ sort }: ReportJson): string {
  return sort.split(":")[0] ?? sort;
}

function titleOf(metric: string, currency: string): string {
  if (metric === "refusals") return "refused";
  return metric.replace(/^cost/, currency).replaceAll("_", " ");
}

function valueOf(figures: Total["before"] | undefined, metric: string): Value {
  return figures && isMetric(metric) ? figures[metric] : undefined;
}

/** Whose amounts the report has. */
function currencyOf({ display }: ReportJson): string {
  return display?.currency ?? "USD";
}

function figureCells(
  report: ReportJson,
  metric: string,
  values: readonly Value[],
): readonly string[] {
  const currency = currencyOf(report);
  const isMoney = isMetric(metric) && metrics[metric].isMoney === true;
  const cells = values.map((value) => {
    if (value === null || value === undefined) return "";
    if (isMoney) return moneyIn(currency, String(value));
    if (metric.startsWith("latency")) return duration(Number(value));
    return metric.endsWith("share") ? percent(Number(value)) : grouped(value);
  });
  return isMoney ? atThePoint(cells) : cells;
}

function changeText(change: Value): string {
  if (change === null || change === undefined) return "";
  return `${Number(change) > 0 ? "+" : ""}${percent(Number(change))}`;
}
