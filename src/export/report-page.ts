/** The page of a printed report: its measures, colours and texts. */

import { formatUsd, pico, subtract, zero, type PicoUsd } from "../domain/money/money.ts";

/** Where the next thing is drawn. */
export interface Pen {
  readonly document: PDFKit.PDFDocument;
  /** Points from the top of the page. */
  y: number;
}

/** A4 in points. */
export const page = { left: 48, width: 499, top: 48, bottom: 780, foot: 806 } as const;

export const colors = {
  text: "#1a1d21",
  muted: "#5f6873",
  track: "#e3e6ea",
  bar: "#3566c0",
  alarm: "#b3261e",
} as const;

/** Distinct in print, and without seeing red and green. */
export const palette = ["#3566c0", "#e08a1e", "#1f9e8f", "#8a4fb0", "#c2b52b", "#8b929b"] as const;

/** Rounded to the cent, or to six decimals if it is under one; halves away from zero. */
export function dollars(amount: PicoUsd): string {
  const absolute = amount < 0n ? subtract(zero, amount) : amount;
  const decimals = absolute < cent ? 6 : 2;
  const unit = decimals === 6 ? microdollar : cent;
  const rounded = pico(((absolute + unit / 2n) / unit) * unit);
  const [whole = "0", fraction = ""] = formatUsd(rounded).split(".");
  const sign = amount < 0n && rounded > 0n ? "-" : "";
  return `${sign}$${grouped(Number(whole))}.${fraction.padEnd(decimals, "0")}`;
}

const cent = 10_000_000_000n;
const microdollar = 1_000_000n;

export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** Below ten million in full, such as 1,234,567; larger counts as 12.3M. */
export function compact(count: number): string {
  if (Math.abs(count) < 10_000_000) return grouped(count);
  return count.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });
}

/** The fonts that every reader of PDF has know Western European characters only. */
export function printable(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e\u00a0-\u00ff]/gu, "?");
}

/** Shortens a text to a width, in the current font. */
export function fit(document: PDFKit.PDFDocument, text: string, width: number): string {
  if (document.widthOfString(text) <= width) return text;
  let end = text.length;
  while (end > 1 && document.widthOfString(`${text.slice(0, end)}...`) > width) end -= 1;
  return `${text.slice(0, end)}...`;
}
