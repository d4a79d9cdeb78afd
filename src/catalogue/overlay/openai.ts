/** Prices of OpenAI models that the built-in list lacks or has for one size only. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow } from "./row.ts";

/**
 * "The moderation endpoint is free to use"
 * (https://developers.openai.com/api/docs/guides/moderation, read 2026-11).
 */
const free = { provider: "openai", prices: { input: "0", output: "0" } } as const;

/**
 * A second of video: 0.30 at 720p, 0.50 at 1024p and 0.70 at 1080p
 * (https://developers.openai.com/api/docs/pricing: the first two as LiteLLM's map of 2026-11 has
 * them in `sora-2-pro` and a `sora-2-pro-high-res` that is no model, all three as several public
 * price tables of 2026 quote that page, read 2026-11). Another size is charged as the dearest.
 */
const soraPro = {
  model: "sora-2-pro",
  prices: { input: "0", output: "0" },
  meters: { video_seconds_720p: "0.30", video_seconds_1024p: "0.50", video_seconds_1080p: "0.70" },
} as const;

export const openaiRows: readonly CatalogueRow[] = [
  overlayRow({ ...free, model: "omni-moderation-latest", aliases: ["omni-moderation"] }),
  overlayRow({
    ...free,
    model: "text-moderation-latest",
    aliases: ["text-moderation-stable", "text-moderation-007"],
  }),
  overlayRow({ ...soraPro, provider: "openai" }),
  overlayRow({ ...soraPro, provider: "azure" }),
];
