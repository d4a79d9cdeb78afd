/**
 * Formats a table, aligned by the visible width of its cells.
 *
 * If it is too wide, it first leaves out columns with `spare` and names them in a line below, then
 * wraps cells between words, and finally prints each row as a block with one line a column. Nothing
 * is ever cut. Without a terminal the width is unlimited.
 */

import { printable, width } from "./width.ts";
import { wrapWords } from "./wrap.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Optional columns are left out in descending order of this number. Absent: always shown. */
  readonly spare?: number;
}

export interface TableStyle {
  readonly heading: (text: string) => string;
  /** The width of the terminal. */
  readonly room: number;
  /** The prefix of each line. */
  readonly indent?: string;
}

type Row = readonly string[];

/**
 * @param rows Cells of text, coloured or not; missing ones are empty.
 * @returns Lines, each with a line end. The caller handles an empty table.
 */
export function table(columns: readonly Column[], rows: readonly Row[], style: TableStyle): string {
  const cells = rows.map((row) => columns.map((_, index) => printable(row[index] ?? "")));
  const room = style.room - width(style.indent ?? "");
  const kept = withinRoom(columns, cells, room);
  const shown = kept.map((index) => columns[index] ?? { title: "" });
  const shownRows = cells.map((row) => kept.map((index) => row[index] ?? ""));
  const widths = columnWidths(shown, shownRows, room);
  const indented = (lines: readonly string[]): string =>
    lines.map((line) => `${style.indent ?? ""}${line}\n`).join("");
  if (!widths) return indented(blockLines(columns, cells, { ...style, room }));
  return `${indented(gridLines(shown, shownRows, { ...style, widths }))}${leftOutText(columns, kept, style)}`;
}

const gap = 2;

/** Indices of the columns to show. */
function withinRoom(
  columns: readonly Column[],
  rows: readonly Row[],
  room: number,
): readonly number[] {
  const all = columns.map((_, index) => index);
  const least = all.map((index) => leastWidth(columns[index], rows, index));
  const sparest = all.filter((index) => columns[index]?.spare !== undefined);
  sparest.sort((left, right) => (columns[right]?.spare ?? 0) - (columns[left]?.spare ?? 0));
  let kept: readonly number[] = all;
  for (const spared of sparest) {
    if (sum(kept.map((index) => least[index] ?? 0)) <= room) break;
    kept = kept.filter((index) => index !== spared);
  }
  return kept;
}

/** The total width, with gaps between columns. */
function sum(widths: readonly number[]): number {
  return widths.reduce((total, one) => total + one, 0) + gap * Math.max(0, widths.length - 1);
}

/** Figures never wrap; for text, the longest word must fit. */
function leastWidth(column: Column | undefined, rows: readonly Row[], index: number): number {
  const cells = rows.map((row) => row[index] ?? "");
  const words = column?.align === "right" ? cells : cells.flatMap(indentedWords);
  return Math.max(width(column?.title ?? ""), ...words.map(width));
}

/** Words; the first one keeps its indent, which shows the depth in a tree. */
function indentedWords(cell: string): readonly string[] {
  return cell.match(/^ *[^ ]+|[^ ]+/g) ?? [];
}

/** The natural widths, or narrower text columns, widest first. Null if they still do not fit. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly Row[],
  room: number,
): readonly number[] | null {
  const widths = columns.map(({ title }, index) =>
    Math.max(width(title), ...rows.map((row) => width(row[index] ?? ""))),
  );
  const least = columns.map((column, index) => leastWidth(column, rows, index));
  while (sum(widths) > room) {
    const [widest] = widths
      .map((_, index) => index)
      .filter((index) => (widths[index] ?? 0) > (least[index] ?? 0))
      .sort((left, right) => (widths[right] ?? 0) - (widths[left] ?? 0));
    if (widest === undefined) return null;
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return widths;
}

function gridLines(
  columns: readonly Column[],
  rows: readonly Row[],
  style: TableStyle & { readonly widths: readonly number[] },
): readonly string[] {
  const line = (row: Row): string =>
    row
      .map((cell, index) =>
        pad(cell, { to: style.widths[index] ?? 0, align: columns[index]?.align ?? "left" }),
      )
      .join(" ".repeat(gap))
      .trimEnd();
  const heading = columns.some(({ title }) => title !== "")
    ? [style.heading(line(columns.map(({ title }) => title)))]
    : [];
  return [...heading, ...rows.flatMap((row) => wrappedRow(row, style.widths).map(line))];
}

/** Splits a row with wrapped cells into rows of one line each. */
function wrappedRow(row: Row, widths: readonly number[]): readonly Row[] {
  const cells = row.map((cell, index) => wrapWords(cell, widths[index] ?? 0));
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, index) => cells.map((lines) => lines[index] ?? ""));
}

/**
 * Each row as a block of lines with title and cell. Omits bars, which have no title. Without any
 * titles, a row is a paragraph.
 */
function blockLines(
  columns: readonly Column[],
  rows: readonly Row[],
  style: TableStyle,
): readonly string[] {
  const titles = Math.max(0, ...columns.map(({ title }) => width(title)));
  if (titles === 0)
    return rows.flatMap((row) =>
      wrapWords(row.filter((cell) => cell.trim() !== "").join(" "), style.room),
    );
  const before = titles === 0 ? 0 : titles + gap;
  return rows.flatMap((row, index) => [
    ...(index > 0 && titles > 0 ? [""] : []),
    ...columns.flatMap(({ title, spare }, column) => {
      if (title === "" && spare !== undefined) return [];
      const cell = (row[column] ?? "").trim();
      const lines = cell === "" ? [] : wrapWords(cell, Math.max(1, style.room - before));
      return lines.map(
        (line, at) => `${style.heading((at === 0 ? title : "").padEnd(before))}${line}`,
      );
    }),
  ]);
}

function leftOutText(
  columns: readonly Column[],
  kept: readonly number[],
  style: TableStyle,
): string {
  const names = columns
    .filter((_, index) => !kept.includes(index))
    .flatMap(({ title }) => (title === "" ? [] : [title]));
  if (names.length === 0) return "";
  const text = `Left out at ${style.room} columns: ${names.join(", ")}. Use a wider terminal or --json to see them.`;
  return wrapWords(text, style.room)
    .map((line) => `${style.heading(line)}\n`)
    .join("");
}

function pad(
  text: string,
  options: { readonly to: number; readonly align: "left" | "right" },
): string {
  const space = " ".repeat(Math.max(0, options.to - width(text)));
  return options.align === "right" ? space + text : text + space;
}
