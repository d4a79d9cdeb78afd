/**
 * Prices of xAI models that redirect to another model; the built-in list has their former prices.
 */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow, usd } from "./row.ts";

/**
 * "Requests to the retired model slugs will automatically redirect to grok-4.3 [...] billed at
 * grok-4.3 pricing", from 2026-05-15 12:00 PT on; `grok-code-fast-1` is named there, too
 * (https://docs.x.ai/developers/migration/may-15-retirement, read 2026-11). Cached input and long
 * contexts: grok-4.3's in genai-prices 0.2.3 and LiteLLM's map.
 */
const redirected = {
  provider: "x-ai",
  prices: { input: "1.25", cache_read: "0.20", output: "2.50" },
  contextTiers: [
    {
      tokens: 200_000,
      inclusive: true,
      rates: usd({ input: "2.50", cache_read: "0.40", output: "5" }),
    },
  ],
  from: "2026-05-15T19:00:00Z",
} as const;

export const xaiRows: readonly CatalogueRow[] = [
  overlayRow({
    ...redirected,
    model: "grok-4-0709",
    aliases: ["grok-4", "grok-4-latest"],
  }),
  overlayRow({
    ...redirected,
    model: "grok-4-fast-reasoning",
    aliases: ["grok-4-fast", "grok-4-fast-reasoning-latest"],
  }),
  overlayRow({
    ...redirected,
    model: "grok-4-fast-non-reasoning",
    aliases: ["grok-4-fast-non-reasoning-latest"],
  }),
  overlayRow({
    ...redirected,
    model: "grok-4-1-fast-reasoning",
    aliases: ["grok-4-1-fast", "grok-4-1-fast-reasoning-latest"],
  }),
  overlayRow({
    ...redirected,
    model: "grok-4-1-fast-non-reasoning",
    aliases: ["grok-4-1-fast-non-reasoning-latest"],
  }),
  overlayRow({
    ...redirected,
    model: "grok-code-fast-1",
    aliases: ["grok-code-fast", "grok-code-fast-1-0825"],
  }),
  overlayRow({ ...redirected, model: "grok-3", aliases: ["grok-3-latest", "grok-3-beta"] }),
];
