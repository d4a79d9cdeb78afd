/**
 * Prices of service tiers (batch, flex, priority), as factors of the standard rates, which are all
 * that genai-prices has.
 */

import type { CatalogueRow, Factor } from "../../domain/price/row/row.ts";

type ServiceTiers = NonNullable<CatalogueRow["serviceTiers"]>;

const half: Factor = { numerator: 1n, denominator: 2n };
const double: Factor = { numerator: 2n, denominator: 1n };

/**
 * Anthropic's fast mode. https://platform.claude.com/docs/en/build-with-claude/fast-mode and
 * code.claude.com/docs/en/fast-mode, read 2026-11: twice the price for Opus 5.5, 5 and 4.8, six
 * times for 4.7 (until 2026-07-24) and 4.6, caches multiplied alike.
 */
const fastClaude: Readonly<Record<string, Factor>> = {
  "claude-opus-5-5": double,
  "claude-opus-5": double,
  "claude-opus-4-8": double,
  "claude-opus-4-7": { numerator: 6n, denominator: 1n },
  "claude-opus-4-6": { numerator: 6n, denominator: 1n },
};

/**
 * OpenAI's priority processing. https://openai.com/api-priority-processing/, read 2026-11: its
 * prices divided by the standard ones, which is the same factor for input, cached input and output
 * of a model.
 */
const priorityOpenai: Readonly<Record<string, Factor>> = {
  "gpt-5.5": { numerator: 5n, denominator: 2n },
  "gpt-5.4": double,
  "gpt-5.4-mini": double,
  "gpt-5.2": double,
  "gpt-5.1": double,
  "gpt-5": double,
  "gpt-5-mini": { numerator: 9n, denominator: 5n },
  "gpt-4.1": { numerator: 7n, denominator: 4n },
  "gpt-4.1-mini": { numerator: 7n, denominator: 4n },
  "gpt-4.1-nano": double,
  "gpt-4o": { numerator: 17n, denominator: 10n },
  "gpt-4o-2024-05-13": { numerator: 7n, denominator: 4n },
  "gpt-4o-mini": { numerator: 5n, denominator: 3n },
  o3: { numerator: 7n, denominator: 4n },
  "o4-mini": { numerator: 20n, denominator: 11n },
};

/**
 * developers.openai.com/api/docs/pricing, read 2026-11: from gpt-5.6 on, Fast mode (priority
 * before) is twice the standard price.
 */
const doubledWhenFast = /^gpt-(?:5\.6|6)/;

/** Models sold by the second or image have no batch price. */
const notBatched =
  /audio|realtime|image|tts|transcribe|search-preview|search-api|whisper|moderation/;

/** No source has a cached batch price for these: their cached tokens are charged as input. */
const cachedOnlyOutsideBatch = /^(?:gpt-3|gpt-4|o1|o3|o4)/;

/**
 * Google's tiers. https://ai.google.dev/gemini-api/docs/optimization, read 2026-11: flex and batch
 * are half the price, priority costs 75 to 100 % more. Its price lists, as in LiteLLM's map
 * (github.com/BerriAI/litellm/pull/23560), charge 1.8 times for priority and half for flex,
 * including cached tokens; the Batch API's page does not mention cached tokens.
 */
const geminiTiers: ServiceTiers = {
  batch: { ...half, without: ["cache_read"] },
  flex: half,
  priority: { numerator: 9n, denominator: 5n },
};

/**
 * xAI's tiers. docs.x.ai/developers/advanced-api-usage/priority-processing, read 2026-11: a premium
 * if the answer confirms priority, including cached tokens; twice the price according to
 * github.com/coder/xum/pull/3798. Batches are 20 % cheaper (docs.x.ai).
 */
const xaiTiers: ServiceTiers = { batch: { numerator: 4n, denominator: 5n }, priority: double };

/**
 * An absent tier has no known price: it is charged at the standard rates, and the call is flagged.
 */
export function serviceTiersOf(provider: string, model: string): ServiceTiers | undefined {
  if (provider === "anthropic") return anthropicTiers(model);
  if (provider === "openai") return openaiTiers(model);
  if (provider === "google" && model.startsWith("gemini")) return geminiTiers;
  if (provider === "x-ai") return xaiTiers;
  return undefined;
}

/**
 * Batches cost half, caches included (https://platform.claude.com/docs/en/about-claude/pricing,
 * read 2026-11).
 */
function anthropicTiers(model: string): ServiceTiers {
  const fast = fastClaude[model];
  return { batch: half, ...(fast && { fast }) };
}

/**
 * https://developers.openai.com/api/docs/guides/flex-processing, read 2026-11: flex costs the same
 * as batch, and has cached prices too.
 */
function openaiTiers(model: string): ServiceTiers | undefined {
  if (notBatched.test(model)) return undefined;
  const priority = doubledWhenFast.test(model) ? double : priorityOpenai[model];
  const batch = cachedOnlyOutsideBatch.test(model)
    ? { ...half, without: ["cache_read"] as const }
    : half;
  return { batch, flex: half, ...(priority && { priority, fast: priority }) };
}
