/** Prices on which the published lists disagree, where the later list is right. */

import type { CatalogueRow } from "../../src/domain/price/row.ts";

interface Resolved {
  readonly provider: string;
  readonly model: string;
  /** The source whose price is right, against the order of precedence. */
  readonly right: string;
  readonly why: string;
}

export const resolved: readonly Resolved[] = [];

export function isPreferred({ provider, model, source }: CatalogueRow): boolean {
  return resolved.some(
    (entry) => entry.provider === provider && entry.model === model && entry.right === source,
  );
}
