/** The XML of one sheet of a workbook (ECMA-376, SpreadsheetML). */

import { formatUsd, pico } from "../domain/money/money.ts";
import type { Cell, Column, Row } from "../domain/table/table.ts";

/** Rows of a sheet, including its header: the limit of spreadsheets. */
export const mostRows = 1_048_576;
/** Characters of a cell: likewise. */
const mostCharacters = 32_767;

/** Places in `cellXfs` of {@link stylesXml}. */
const styles = { usual: 0, header: 1, usd: 2, count: 3, instant: 4, quoted: 5, number: 6 } as const;

/** What comes before the rows: the header stays in view while they scroll. */
export function sheetHead(columns: readonly Column[]): string {
  const all = sheetColumns(columns);
  const widths = all.map(
    ({ width }, index) =>
      `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`,
  );
  const header = all.map(({ name }) => textCell(name, styles.header));
  return (
    `${declaration}<worksheet xmlns="${mainNamespace}"><sheetViews><sheetView workbookViewId="0">` +
    `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
    `<cols>${widths.join("")}</cols><sheetData><row>${header.join("")}</row>`
  );
}

export function rowXml(columns: readonly Column[], row: Row): string {
  const cells = columns.map((column, place) => cellXml(column, row[place] ?? null));
  return `<row>${cells.join("")}</row>`;
}

/** @param rows Including the header. */
export function sheetEnd(columns: readonly Column[], rows: number): string {
  const last = `${columnName(sheetColumns(columns).length)}${rows}`;
  return `</sheetData><autoFilter ref="A1:${last}"/></worksheet>`;
}

/**
 * An amount takes two columns: a number to calculate with, which a spreadsheet rounds to 15 digits,
 * and the exact amount as text.
 */
function sheetColumns(
  columns: readonly Column[],
): readonly { readonly name: string; readonly width: number }[] {
  return columns.flatMap(({ name, kind }) => {
    const width = Math.max(name.length + 3, widths[kind]);
    return kind === "usd"
      ? [
          { name, width },
          { name: `${name}_exact`, width },
        ]
      : [{ name, width }];
  });
}

const widths = { text: 16, usd: 16, count: 10, number: 12, instant: 20 } as const;

function cellXml({ kind }: Column, cell: Cell): string {
  if (cell === null) return kind === "usd" ? "<c/><c/>" : "<c/>";
  if (kind === "usd" && typeof cell === "bigint") {
    const exact = formatUsd(pico(cell));
    return `${numberCell(exact, styles.usd)}${textCell(exact, styles.usual)}`;
  }
  if (kind === "instant" && typeof cell === "number")
    return numberCell(String(cell / dayMs + epochDay), styles.instant);
  if (kind === "count") return numberCell(String(cell), styles.count);
  if (kind === "number") return numberCell(String(cell), styles.number);
  const text = String(cell);
  return textCell(text, /^[=+\-@\t\r]/.test(text) ? styles.quoted : styles.usual);
}

const dayMs = 86_400_000;
/** 1970-01-01 as a spreadsheet counts days. */
const epochDay = 25_569;

function numberCell(digits: string, style: number): string {
  return `<c s="${style}"><v>${digits}</v></c>`;
}

function textCell(text: string, style: number): string {
  const shown = text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
  return `<c t="inlineStr"${style === styles.usual ? "" : ` s="${style}"`}><is><t xml:space="preserve">${escapeXml(shown)}</t></is></c>`;
}

/** Characters that XML cannot contain become the replacement character. */
export function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line no-control-regex -- XML 1.0 has no other control characters
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}

/** 1 is A, 27 is AA. */
function columnName(number: number): string {
  const before = Math.floor((number - 1) / 26);
  return `${before > 0 ? columnName(before) : ""}${String.fromCharCode(65 + ((number - 1) % 26))}`;
}

export const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
export const mainNamespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/**
 * `quotePrefix` makes a text that begins like a formula stay a text when it is edited. Formats
 * below 164 are built in.
 */
export const stylesXml =
  `${declaration}<styleSheet xmlns="${mainNamespace}">` +
  `<numFmts count="2"><numFmt numFmtId="164" formatCode="&quot;$&quot;#,##0.000000"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>` +
  `<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
  `<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
  `<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
  `<cellXfs count="7"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/><xf numFmtId="164" applyNumberFormat="1" xfId="0"/>` +
  `<xf numFmtId="3" applyNumberFormat="1" xfId="0"/><xf numFmtId="165" applyNumberFormat="1" xfId="0"/><xf quotePrefix="1" xfId="0"/><xf xfId="0"/></cellXfs></styleSheet>`;
