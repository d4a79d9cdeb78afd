/** Draws spend over time as stacked bars, one colour for each model. */

import type { ReportFigures } from "../app/port/file-writer.ts";
import { colors, fit, page, palette, printable, type Pen } from "./report-page.ts";

const height = 150;
const axisWidth = 46;

export function drawChart(pen: Pen, { chart, timeZone }: ReportFigures): void {
  const { document } = pen;
  document.font("Helvetica-Bold").fontSize(11).fillColor(colors.text);
  document.text(`Spend by ${chart.bucket}`, page.left, pen.y, { lineBreak: false });
  pen.y += 20;
  const sums = chart.bars.map(({ usd }) => usd.reduce((sum, one) => sum + one, 0));
  const most = topOf(Math.max(0, ...sums));
  drawAxis(pen, most);
  const left = page.left + axisWidth;
  const step = (page.width - axisWidth) / Math.max(1, chart.bars.length);
  const bar = Math.max(1, Math.min(28, step * 0.75));
  const labelEvery = Math.ceil(44 / step);
  chart.bars.forEach(({ start, usd }, index) => {
    const x = left + index * step + (step - bar) / 2;
    let base = pen.y + height;
    usd.forEach((amount, place) => {
      const size = most === 0 ? 0 : (amount / most) * height;
      if (size <= 0) return;
      base -= size;
      document.rect(x, base, bar, size).fill(palette[place % palette.length] ?? colors.bar);
    });
    if (index % labelEvery !== 0) return;
    document.font("Helvetica").fontSize(7).fillColor(colors.muted);
    document.text(label(start, chart.bucket, timeZone), x, pen.y + height + 4, {
      lineBreak: false,
    });
  });
  pen.y += height + 18;
  drawLegend(pen, chart.names);
}

function drawAxis({ document, y }: Pen, most: number): void {
  for (const share of [0, 0.5, 1]) {
    const line = y + height * (1 - share);
    document
      .moveTo(page.left + axisWidth, line)
      .lineTo(page.left + page.width, line)
      .lineWidth(0.5)
      .stroke(colors.track);
    document.font("Helvetica").fontSize(7).fillColor(colors.muted);
    const text = `$${(most * share).toLocaleString("en-US", { maximumSignificantDigits: 3 })}`;
    const x = page.left + axisWidth - 6 - document.widthOfString(text);
    document.text(text, x, line - 3, { lineBreak: false });
  }
}

function drawLegend(pen: Pen, names: readonly string[]): void {
  const { document } = pen;
  const width = page.width / 3;
  names.forEach((name, place) => {
    const x = page.left + (place % 3) * width;
    const y = pen.y + Math.floor(place / 3) * 12;
    document.rect(x, y + 1, 7, 7).fill(palette[place % palette.length] ?? colors.bar);
    document.font("Helvetica").fontSize(8).fillColor(colors.text);
    document.text(fit(document, printable(name), width - 20), x + 11, y, { lineBreak: false });
  });
  pen.y += Math.ceil(names.length / 3) * 12 + 18;
}

/** The smallest of 1, 2 and 5 times a power of ten that is not less. */
function topOf(most: number): number {
  if (most === 0) return 0;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

function label(atMs: number, bucket: string, timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone);
  if (bucket === "hour") return at.toPlainTime().toString({ smallestUnit: "minute" });
  return bucket === "month"
    ? at.toPlainDate().toString().slice(0, 7)
    : at.toPlainDate().toString().slice(5);
}
