/** Prices of xAI models that are missing in genai-prices. */

import type { CatalogueRow } from "../../domain/price/row.ts";
import { overlayRow, usd } from "./row.ts";

export const xaiRows: readonly CatalogueRow[] = [
  // The Grok 4.7 page of docs.x.ai, by way of apidog.com/blog/how-to-use-grok-4-7-api (29 September
  // 2026): 200,000 tokens and more cost more, 200,000 included. xAI states no output limit.
  overlayRow({
    provider: "x-ai",
    model: "grok-4.7",
    aliases: ["x-ai/grok-4.7", "grok-4.7-latest"],
    prices: { input: "2", cache_read: "0.50", output: "6" },
    contextTiers: [
      {
        tokens: 200_000,
        inclusive: true,
        rates: usd({ input: "4", cache_read: "1", output: "12" }),
      },
    ],
    contextWindow: 500_000,
  }),
];
