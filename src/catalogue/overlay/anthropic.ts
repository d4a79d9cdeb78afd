/** Prices of Anthropic models that are missing or outdated in genai-prices. */

import type { CatalogueRow } from "../../domain/price/row.ts";
import { overlayRow, usd } from "./row.ts";

const limits = { provider: "anthropic", contextWindow: 1_000_000, maxOutputTokens: 128_000 };

const sonnet = {
  input: "2",
  cache_write_5m: "2.50",
  cache_write_1h: "4",
  output: "10",
  web_search: "0.01",
};

export const anthropicRows: readonly CatalogueRow[] = [
  // https://platform.claude.com/docs/en/models/sonnet-5-5/overview; cache reads cut from 0.20 on
  // 2026-10-07 (github.com/kurofune/claudit, release v1.9.2, which re-read the pricing page on
  // 2026-10-24).
  overlayRow({
    ...limits,
    model: "claude-sonnet-5-5",
    aliases: ["claude-sonnet-5.5"],
    prices: { ...sonnet, cache_read: "0.10" },
    from: "2026-10-07T00:00:00Z",
  }),
  overlayRow({
    ...limits,
    model: "claude-sonnet-5-5",
    aliases: ["claude-sonnet-5.5"],
    prices: { ...sonnet, cache_read: "0.20" },
    to: "2026-10-07T00:00:00Z",
  }),
  // https://platform.claude.com/docs/en/models/haiku-5-5/overview, read 2026-11: a prompt over
  // 100,000 tokens, caches included, costs more for every token.
  overlayRow({
    ...limits,
    model: "claude-haiku-5-5",
    aliases: ["claude-haiku-5.5"],
    prices: {
      input: "0.10",
      cache_read: "0.01",
      cache_write_5m: "0.125",
      cache_write_1h: "0.20",
      output: "0.50",
      web_search: "0.01",
    },
    contextTiers: [
      {
        tokens: 100_000,
        inclusive: false,
        rates: usd({
          input: "0.50",
          cache_read: "0.05",
          cache_write_5m: "0.625",
          cache_write_1h: "1",
          output: "2.50",
        }),
      },
    ],
  }),
  // https://platform.claude.com/docs/en/models/overview, and github.com/archid21/rightsize, release
  // v0.10.2, for the caches; read 2026-11.
  overlayRow({
    ...limits,
    model: "claude-fable-5-2",
    aliases: ["claude-fable-5.2"],
    prices: {
      input: "8",
      cache_read: "0.20",
      cache_write_5m: "10",
      cache_write_1h: "16",
      output: "40",
      web_search: "0.01",
    },
  }),
];
