/** Orders a disagreement of price lists by what is charged. */

import type { PriceBook } from "../domain/price/sheet.ts";
import { formatRow } from "../domain/price/text/row-text.ts";
import type { Disagreement } from "./merge.ts";

/**
 * Puts the charged figure first. A list that usually comes later may be right for one model, and
 * the overlay may price another name of it. Figures of tiers and context sizes are recognised by
 * their source.
 */
export function chargedFirst(
  { price, stated, ...model }: Disagreement,
  book: PriceBook,
  /** Milliseconds since the epoch. */
  at: number,
): Disagreement {
  const row = book.sheet({ ...model, at })?.row;
  if (!row) return { ...model, price, stated };
  const text: Readonly<Record<string, unknown>> = { ...formatRow(row), ...formatRow(row).meters };
  const usd = text[price];
  const isCharged = (one: Disagreement["stated"][number]): boolean =>
    typeof usd === "string" ? one.usd === usd : one.source === row.source;
  const charged = stated.find(isCharged);
  if (!charged && typeof usd !== "string") return { ...model, price, stated };
  const first = charged ?? { source: row.source, version: row.version, usd: String(usd) };
  return { ...model, price, stated: [first, ...stated.filter((one) => one !== charged)] };
}
