/** Former prices of Anthropic models, which the built-in list does not have. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow } from "./row.ts";

export const anthropicRows: readonly CatalogueRow[] = [
  // https://platform.claude.com/docs/en/models/sonnet-5-5/overview; cache reads cut from 0.20 on
  // 2026-10-07 (github.com/kurofune/claudit, release v1.9.2, which re-read the pricing page on
  // 2026-10-24).
  overlayRow({
    provider: "anthropic",
    model: "claude-sonnet-5-5",
    aliases: ["claude-sonnet-5.5"],
    prices: {
      input: "2",
      cache_read: "0.20",
      cache_write_5m: "2.50",
      cache_write_1h: "4",
      output: "10",
      web_search: "0.01",
    },
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    to: "2026-10-07T00:00:00Z",
  }),
];
