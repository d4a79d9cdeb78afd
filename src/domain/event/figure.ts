/** Formats amounts of events for people: short, with their unit. */

import type { CloudEvent } from "./cloud-event.ts";

/** The amount in a field, with the currency of the event; null if it has none. */
export function formatFigure(data: CloudEvent["data"], field: string): string | null {
  const amount = data[field];
  if (typeof amount !== "number") return null;
  const currency = typeof data["currency"] === "string" ? data["currency"] : "USD";
  return formatAmountOf(amount, currency);
}

/** At least cents; small amounts have more digits, so that they are not shown as zero. */
export function formatAmountOf(amount: number, currency: string): string {
  if (currency !== "USD") return `${formatCount(amount)} ${currency}`;
  const most = Math.abs(amount) >= 1 ? 2 : 6;
  const text = amount.toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: most,
  });
  return `${text} USD`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** The share that is used, in whole per cent, rounded down: 100 only if all is used. */
export function percentOf(data: CloudEvent["data"]): string | null {
  const { current_usage: used, budget_amount: limit } = data;
  if (typeof used !== "number" || typeof limit !== "number" || limit <= 0) return null;
  // Exact figures such as 0.29 of 1 are 28.999999999999996 in floating point.
  return formatCount(Math.floor(Math.round((used / limit) * 1e8) / 1e6));
}
