/** Formats tables as terminal text and as Markdown, including their numbers. */

import type { Table } from "../bench.ts";
import type { Spread } from "./statistics.ts";

export function tableText({ title, columns, rows, notes }: Table): string {
  const widths = columns.map((column, place) =>
    Math.max(column.length, ...rows.map((row) => (row[place] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, place) =>
        place === 0 ? cell.padEnd(widths[place] ?? 0) : cell.padStart(widths[place] ?? 0),
      )
      .join("  ");
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [
    `\n${title}`,
    line(columns),
    rule,
    ...rows.map(line),
    ...notes.map((note) => `  ${note}`),
  ].join("\n");
}

export function tableMarkdown({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${columns.map((_, place) => (place === 0 ? "---" : "---:")).join("|")}|`;
  return [
    `**${title}**\n`,
    line(columns),
    rule,
    ...rows.map(line),
    ...notes.map((note) => `\n${note}`),
  ].join("\n");
}

/** At most three decimals, fewer for larger numbers, with thousands separators. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** `12.3 (11.9 to 13.0)`: the median and the range of the rounds. */
export function spreadText(spread: Spread | null): string {
  if (!spread) return "-";
  const { median, least, most } = spread;
  return least === most
    ? numberText(median)
    : `${numberText(median)} (${numberText(least)} to ${numberText(most)})`;
}

export function percentText(share: number | null): string {
  return share === null ? "-" : `${Math.round(share * 100)} %`;
}

export function bytesText(bytes: number | null): string {
  if (bytes === null) return "-";
  return bytes < 1e6 ? `${numberText(bytes / 1e3)} KB` : `${numberText(bytes / 1e6)} MB`;
}
