/**
 * Four prices that cost reports used before Purser, so that such a report can be reproduced.
 *
 * They knew a provider and no model (`deepseek` was all of DeepSeek), so that provider and model are the same name here, and no
 * call of today has it. They end at the cut-over: what comes after is priced by the catalogue or not at all.
 */

import type { CatalogueRow } from "../../domain/price/row.ts";
import { overlayRow, type UsdPrices } from "./row.ts";

const legacyCutOver = "2026-11-01T00:00:00Z";

const prices: Readonly<Record<string, UsdPrices>> = {
  deepseek: { input: "0.14", output: "0.28" },
  "gpt-mini": { input: "0.15", output: "0.60" },
  anthropic: { input: "3", output: "15" },
  "grok-fast": { input: "5", output: "15" },
};

export const legacyRows: readonly CatalogueRow[] = Object.entries(prices).map(([name, price]) => ({
  ...overlayRow({ provider: name, model: name, prices: price, to: legacyCutOver, source: "legacy" }),
  ids: { equals: name },
}));
