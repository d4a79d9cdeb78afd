/**
 * Four prices from cost reports that predate Purser, kept to reproduce those reports.
 *
 * They named a provider but no model (`deepseek` was all of DeepSeek), so provider and model have
 * the same name here, which no current call uses. They end at the cut-over; later calls are priced
 * by the catalogue only.
 */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow, type UsdPrices } from "./row.ts";

const legacyCutOver = "2026-11-01T00:00:00Z";

const prices: Readonly<Record<string, UsdPrices>> = {
  deepseek: { input: "0.14", output: "0.28" },
  "gpt-mini": { input: "0.15", output: "0.60" },
  anthropic: { input: "3", output: "15" },
  "grok-fast": { input: "5", output: "15" },
};

export const legacyRows: readonly CatalogueRow[] = Object.entries(prices).map(([name, price]) => ({
  ...overlayRow({
    provider: name,
    model: name,
    prices: price,
    to: legacyCutOver,
    source: "legacy",
  }),
  ids: { equals: name },
}));
