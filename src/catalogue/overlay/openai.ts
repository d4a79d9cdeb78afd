/** Prices of OpenAI models that the built-in list lacks. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow } from "./row.ts";

/**
 * "The moderation endpoint is free to use" (https://developers.openai.com/api/docs/guides/moderation,
 * read 2026-11).
 */
const free = { provider: "openai", prices: { input: "0", output: "0" } } as const;

export const openaiRows: readonly CatalogueRow[] = [
  overlayRow({ ...free, model: "omni-moderation-latest", aliases: ["omni-moderation"] }),
  overlayRow({
    ...free,
    model: "text-moderation-latest",
    aliases: ["text-moderation-stable", "text-moderation-007"],
  }),
];
