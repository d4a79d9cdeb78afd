/** Draws a printable report (PDF): totals, spend over time, and tables with bars. */

import Pdf from "pdfkit";
import type { ReportBudget, ReportFigures, ReportTable } from "../app/port/file-writer.ts";
import type { Figures } from "../app/port/reader.ts";
import { pico, toNumber } from "../domain/money/money.ts";
import { countTokens } from "../domain/usage/usage.ts";
import { drawChart } from "./report-chart.ts";
import {
  colors,
  compact,
  dollars,
  fit,
  grouped,
  page,
  printable,
  type Pen,
} from "./report-page.ts";

export async function reportPdf(figures: ReportFigures): Promise<Uint8Array> {
  const document = new Pdf({
    size: "A4",
    margin: 0,
    bufferPages: true,
    info: { Title: "Spend report", CreationDate: new Date(figures.madeAt) },
  });
  const parts: Uint8Array[] = [];
  const end = new Promise<void>((resolve, reject) => {
    document.on("data", (part: Uint8Array) => parts.push(part));
    document.on("end", resolve);
    document.on("error", reject);
  });
  const pen: Pen = { document, y: page.top };
  drawHead(pen, figures);
  drawChart(pen, figures);
  for (const table of figures.tables) drawTable(pen, table, figures.total);
  if (figures.budgets.length > 0) drawBudgets(pen, figures.budgets);
  drawFooters(document, figures);
  document.end();
  await end;
  return Buffer.concat(parts);
}

function drawHead(pen: Pen, { from, to, timeZone, total }: ReportFigures): void {
  const { document } = pen;
  document.font("Helvetica-Bold").fontSize(20).fillColor(colors.text);
  document.text("Spend report", page.left, pen.y, { lineBreak: false });
  document.font("Helvetica").fontSize(10).fillColor(colors.muted);
  const range = `${day(from, timeZone)} to ${day(to - 1, timeZone)} (${printable(timeZone)})`;
  document.text(range, page.left, pen.y + 26, { lineBreak: false });
  pen.y += 52;
  const facts = [
    ["Spent", dollars(total.cost)],
    ["Calls", grouped(total.calls)],
    ...(total.charges > 0 ? [["Charges", grouped(total.charges)] as const] : []),
    ["Tokens", compact(countTokens(total.usage))],
    ["Refused", grouped(total.refusals)],
    ["Without a charge", grouped(total.released)],
  ] as const;
  const width = page.width / facts.length;
  facts.forEach(([name, value], place) => {
    const x = page.left + place * width;
    document.font("Helvetica").fontSize(8).fillColor(colors.muted);
    document.text(name, x, pen.y, { lineBreak: false });
    document.font("Helvetica-Bold").fontSize(14).fillColor(colors.text);
    document.text(fit(document, value, width - 8), x, pen.y + 11, { lineBreak: false });
  });
  pen.y += 44;
}

/** The right edges of the columns with figures, from the left margin. */
const edges = { calls: 250, tokens: 330, cost: 410 } as const;
const nameWidth = 190;
const rowHeight = 15;

function drawTable(pen: Pen, { title, rows, rest }: ReportTable, total: Figures): void {
  const all = rest ? [...rows, { ...rest, name: Object.values(rest.group)[0] ?? "more" }] : rows;
  // A heading stays with its first rows.
  breakBefore(pen, 40 + Math.min(all.length, 3) * rowHeight);
  heading(pen, title, ["Calls", "Tokens", "Cost"]);
  for (const row of all) {
    if (breakBefore(pen, rowHeight))
      heading(pen, `${title} (continued)`, ["Calls", "Tokens", "Cost"]);
    const share = total.cost <= 0n ? 0 : toNumber(row.cost) / toNumber(total.cost);
    drawRow(pen, {
      name: row.name,
      figures: [grouped(row.calls), compact(countTokens(row.usage)), dollars(row.cost)],
      share,
      label: `${(share * 100).toFixed(1)}%`,
    });
  }
  pen.y += 16;
}

function drawBudgets(pen: Pen, budgets: readonly ReportBudget[]): void {
  breakBefore(pen, 40 + Math.min(budgets.length, 3) * rowHeight);
  const names = ["Limit", "Used", "Left"];
  heading(pen, "Budgets, in their current window", names);
  for (const { budgetId, limit, spent, currency } of budgets) {
    if (breakBefore(pen, rowHeight)) heading(pen, "Budgets (continued)", names);
    const amount = (value: bigint): string =>
      currency === "USD" ? dollars(pico(value)) : compact(Number(value));
    const share = limit === 0n ? 0 : Number((spent * 1000n) / limit) / 1000;
    drawRow(pen, {
      name: currency === "USD" ? budgetId : `${budgetId} (${currency})`,
      figures: [amount(limit), amount(spent), amount(limit - spent)],
      share,
      label: `${(share * 100).toFixed(1)}%`,
    });
  }
}

interface TableRow {
  readonly name: string;
  readonly figures: readonly string[];
  /** Of the whole, for the bar. */
  readonly share: number;
  readonly label: string;
}

function drawRow(pen: Pen, { name, figures, share, label }: TableRow): void {
  const { document } = pen;
  document.font("Helvetica").fontSize(9).fillColor(colors.text);
  document.text(fit(document, printable(name), nameWidth), page.left, pen.y, { lineBreak: false });
  columns(pen, figures);
  const bar = page.width - edges.cost - 52;
  const x = page.left + edges.cost + 12;
  document.rect(x, pen.y + 1, bar, 7).fill(colors.track);
  const filled = Math.min(1, Math.max(0, share)) * bar;
  if (filled > 0)
    document.rect(x, pen.y + 1, filled, 7).fill(share > 1 ? colors.alarm : colors.bar);
  document.fontSize(8).fillColor(colors.muted);
  document.text(label, x + bar, pen.y, { width: 40, align: "right", lineBreak: false });
  pen.y += rowHeight;
}

function columns({ document, y }: Pen, figures: readonly string[]): void {
  for (const [place, edge] of Object.values(edges).entries()) {
    const text = figures[place] ?? "";
    document.text(text, page.left + edge - document.widthOfString(text), y, { lineBreak: false });
  }
}

function heading(pen: Pen, title: string, names: readonly string[]): void {
  const { document } = pen;
  document.font("Helvetica-Bold").fontSize(11).fillColor(colors.text);
  document.text(title, page.left, pen.y, { lineBreak: false });
  document.font("Helvetica").fontSize(8).fillColor(colors.muted);
  columns({ document, y: pen.y + 3 }, names);
  pen.y += 16;
  document
    .moveTo(page.left, pen.y - 2)
    .lineTo(page.left + page.width, pen.y - 2)
    .lineWidth(0.5)
    .stroke(colors.track);
  pen.y += 3;
}

/** Begins a page if there is not enough room. @returns Whether it did. */
function breakBefore(pen: Pen, height: number): boolean {
  if (pen.y + height <= page.bottom) return false;
  pen.document.addPage();
  pen.y = page.top;
  return true;
}

function drawFooters(document: PDFKit.PDFDocument, { madeAt, timeZone }: ReportFigures): void {
  const { count } = document.bufferedPageRange();
  const made = Temporal.Instant.fromEpochMilliseconds(madeAt)
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ smallestUnit: "minute" })
    .replace("T", " ");
  for (let number = 0; number < count; number += 1) {
    document.switchToPage(number);
    document.font("Helvetica").fontSize(8).fillColor(colors.muted);
    document.text(`Made by Purser, ${made}`, page.left, page.foot, { lineBreak: false });
    const place = `Page ${number + 1} of ${count}`;
    const x = page.left + page.width - document.widthOfString(place);
    document.text(place, x, page.foot, { lineBreak: false });
  }
}

function day(atMs: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString();
}
