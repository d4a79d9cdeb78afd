/** Prices of OpenAI models that are missing in genai-prices. */

import type { CatalogueRow } from "../../domain/price/row.ts";
import { overlayRow, usd } from "./row.ts";

/**
 * Long prompts double the input price and raise the output price by half, for every token of the
 * request.
 */
const limits = {
  provider: "openai",
  contextWindow: 1_050_000,
  maxOutputTokens: 128_000,
  cacheWrites: "always",
} as const;

export const openaiRows: readonly CatalogueRow[] = [
  // This model searches in every chat call. Source:
  // developers.openai.com/api/docs/models/gpt-5-search-api, by way of github.com/BerriAI/litellm
  // (model_prices_and_context_window.json): gpt-5's prices, 400K in; searches as with other
  // reasoning models.
  overlayRow({
    provider: "openai",
    model: "gpt-5-search-api",
    prices: { input: "1.25", cache_read: "0.125", output: "10", web_search: "0.01" },
    contextWindow: 400_000,
    maxOutputTokens: 128_000,
  }),
  // https://developers.openai.com/api/docs/models/gpt-6.1-sol, by way of
  // github.com/amine123max/Codex-Manager, release 0.4.7; read 2026-11.
  overlayRow({
    ...limits,
    model: "gpt-6.1-sol",
    prices: {
      input: "2",
      cache_read: "0.10",
      cache_write_5m: "2.50",
      output: "10",
      web_search: "0.01",
      file_search: "0.0025",
    },
    contextTiers: [
      {
        tokens: 272_000,
        inclusive: false,
        rates: usd({ input: "4", cache_read: "0.20", cache_write_5m: "5", output: "15" }),
      },
    ],
  }),
  // https://developers.openai.com/api/docs/models/gpt-6.1-terra, by way of
  // apidog.com/blog/gpt-6-1-terra-pricing; read 2026-11.
  overlayRow({
    ...limits,
    model: "gpt-6.1-terra",
    prices: {
      input: "1",
      cache_read: "0.05",
      cache_write_5m: "1.25",
      cache_write_1h: "2.50",
      output: "5",
      web_search: "0.01",
      file_search: "0.0025",
    },
    contextTiers: [
      {
        tokens: 272_000,
        inclusive: false,
        rates: usd({
          input: "2",
          cache_read: "0.10",
          cache_write_5m: "2.50",
          cache_write_1h: "5",
          output: "7.50",
        }),
      },
    ],
  }),
  // gpt-4o-mini's price plus the preview's search fee for every call: $25 per 1,000, as for
  // gpt-4o-search-preview (model map of github.com/BerriAI/litellm, and setting/operation_setting
  // of github.com/QuantumNous/new-api; read 2026-11).
  overlayRow({
    provider: "openai",
    model: "gpt-4o-mini-search-preview",
    prices: { input: "0.15", cache_read: "0.075", output: "0.60", web_search: "0.025" },
    contextWindow: 128_000,
    cacheWrites: "asked",
  }),
];
