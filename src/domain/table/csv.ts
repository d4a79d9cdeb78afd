/** CSV (RFC 4180) that a spreadsheet can open safely. */

import { formatInstant } from "../input/scalar.ts";
import { formatUsd, pico } from "../money/money.ts";
import type { Cell, Column, Table } from "./table.ts";

/** One line, with its line end. Cells are written as they are, quoted where necessary. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

/**
 * What a spreadsheet would run as a formula is prefixed with an apostrophe: at the start of a text,
 * and after what some of them take for the end of a cell, also within quotes.
 */
export function harmless(text: string): string {
  return text.replaceAll(/(?<=^|[;\t\r\n])(?=[=+\-@＝＋－＠\t\r])/g, "'");
}

/** Whether a spreadsheet would run a text as a formula. */
export function isFormula(text: string): boolean {
  return /^[=+\-@＝＋－＠\t\r]/.test(text);
}

/** The header, then the rows of each page. Amounts are exact, times RFC 3339 in UTC. */
export async function* csvOf({ columns, pages }: Table): AsyncGenerator<string> {
  yield csvLine(columns.map(({ name }) => name));
  for await (const page of pages) {
    const lines = page.map((row) =>
      csvLine(columns.map((column, place) => cellText(column, row[place] ?? null))),
    );
    if (lines.length > 0) yield lines.join("");
  }
}

function cellText({ kind }: Column, cell: Cell): string {
  if (cell === null) return "";
  if (kind === "usd" && typeof cell === "bigint") return formatUsd(pico(cell));
  if (kind === "instant" && typeof cell === "number") return formatInstant(cell);
  return kind === "text" ? harmless(String(cell)) : String(cell);
}

function quoted(cell: string): string {
  return /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
