/** Decides whether a model writes prompt caches unasked, which price lists do not say. */

import type { CatalogueRow, Rates } from "../../domain/price/row/row.ts";

/** Claude writes a cache only if the request asks for it. Others write unasked or not at all. */
export function cacheWritesOf(model: string, rates: Rates): CatalogueRow["cacheWrites"] {
  return model.includes("claude") || rates.cache_write_5m === undefined ? "asked" : "always";
}
