/** Prices of the local simulator, which keeps its own books to compare with Purser's. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow } from "./row.ts";

const simulated = {
  provider: "sim",
  source: "simulator",
  contextWindow: 1_000_000,
  maxOutputTokens: 128_000,
};

export const simulatorRows: readonly CatalogueRow[] = [
  overlayRow({
    ...simulated,
    model: "sim-small",
    prices: { input: "0.15", cache_read: "0.075", output: "0.60", web_search: "0.01" },
  }),
  overlayRow({
    ...simulated,
    model: "sim-large",
    prices: {
      input: "3",
      cache_read: "0.30",
      cache_write_5m: "3.75",
      cache_write_1h: "6",
      output: "15",
      web_search: "0.01",
    },
  }),
  overlayRow({
    ...simulated,
    model: "sim-reasoner",
    prices: { input: "1.25", cache_read: "0.125", output: "10", web_search: "0.01" },
  }),
];
