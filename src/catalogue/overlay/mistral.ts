/** Mistral's names for its latest models, which the built-in list prices as older ones. */

import type { CatalogueRow } from "../../domain/price/row/row.ts";
import { overlayRow } from "./row.ts";

const half = { batch: { numerator: 1n, denominator: 2n } } as const;

export const mistralRows: readonly CatalogueRow[] = [
  // Mistral Large 3 since 2025-12-02: docs.mistral.ai/models/mistral-large-3-25-12, as cited by the
  // map of github.com/BerriAI/litellm; read 2026-11.
  overlayRow({
    provider: "mistral",
    model: "mistral-large-latest",
    prices: { input: "0.50", cache_read: "0.05", output: "1.50" },
    serviceTiers: half,
    contextWindow: 262_144,
    from: "2025-12-02T00:00:00Z",
  }),
  // Mistral Medium 3.5, at the date that genai-prices has for `mistral-medium-latest`:
  // docs.mistral.ai/models/model-cards/mistral-medium-3-5-26-04, as cited by the same map.
  overlayRow({
    provider: "mistral",
    model: "mistral-medium",
    prices: { input: "1.50", cache_read: "0.15", output: "7.50" },
    serviceTiers: half,
    contextWindow: 262_144,
    from: "2026-06-16T00:00:00Z",
  }),
];
