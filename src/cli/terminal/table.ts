/** Rows under each other, columns aligned by what is seen and not by what is stored. */

import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Cells wider than this are cut, and end in an ellipsis. */
  readonly maxWidth?: number;
}

export interface TableStyle {
  readonly heading: (text: string) => string;
  /** Set before each line. */
  readonly indent?: string;
}

/**
 * @param rows Cells of text, coloured or not; missing ones are empty.
 * @returns Lines, each with a line end; one that says "nothing" is the caller's business.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: TableStyle): string {
  const cells = rows.map((row) => columns.map((column, index) => fit(printable(row[index] ?? ""), column.maxWidth)));
  const widths = columns.map((column, index) => Math.max(width(column.title), ...cells.map((row) => width(row[index] ?? ""))));
  const line = (row: readonly string[]): string =>
    `${style.indent ?? ""}${row.map((cell, index) => pad(cell, { to: widths[index] ?? 0, align: columns[index]?.align ?? "left" })).join("  ")}`;
  const heading = columns.some((column) => column.title !== "")
    ? [style.heading(line(columns.map((column) => column.title)).trimEnd())]
    : [];
  return [...heading, ...cells.map((row) => line(row).trimEnd())].map((text) => `${text}\n`).join("");
}

/** Columns that a text takes on a terminal: colours take none, East Asian characters and emoji two. */
export function width(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let sum = 0;
  for (const { segment } of graphemes.segment(plain)) sum += wide.test(segment) ? 2 : 1;
  return sum;
}

/** Text from outside without what could move the cursor or colour the rest; Purser's own colours are kept. */
export function printable(text: string): string {
  return text.replace(notPrintable, (match) => (ownColour.test(match) ? match : "\u{fffd}"));
}

const graphemes = new Intl.Segmenter();
const wide =
  /\p{Emoji_Presentation}|[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}]/u;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const notPrintable = /\u{1b}\[\d+m|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;
// oxlint-disable-next-line no-control-regex -- the colours that `color.ts` writes
const ownColour = /^\u{1b}\[(?:0|1|2|22|3[1-6]|39)m$/u;

function pad(text: string, options: { readonly to: number; readonly align: "left" | "right" }): string {
  const space = " ".repeat(Math.max(0, options.to - width(text)));
  return options.align === "right" ? space + text : text + space;
}

function fit(text: string, maxWidth: number | undefined): string {
  if (maxWidth === undefined || width(text) <= maxWidth) return text;
  let kept = "";
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) {
    if (width(kept) + width(segment) > maxWidth - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
