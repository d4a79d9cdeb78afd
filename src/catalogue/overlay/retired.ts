/** When vendors stopped serving models, by their own pages: their prices end then. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";

/** https://api-docs.deepseek.com/updates, read 2026-11: both names are inaccessible since. */
export const endOfOldNames = "2026-07-24T15:59:00Z";

interface Retired {
  readonly provider: string;
  readonly models: readonly string[];
  /** RFC 3339. */
  readonly on: string;
}

const retired: readonly Retired[] = [
  { provider: "deepseek", models: ["deepseek-chat", "deepseek-reasoner"], on: endOfOldNames },
];

/** The end of a row's validity: its own, or that of its model if it is earlier. */
export function endOf({ provider, model, validTo = Infinity }: CatalogueRow): number | undefined {
  const entry = retired.find((each) => each.provider === provider && each.models.includes(model));
  const end = Math.min(validTo, entry ? Date.parse(entry.on) : Infinity);
  return Number.isFinite(end) ? end : undefined;
}
