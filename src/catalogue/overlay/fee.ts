/**
 * Fees of provider-side tools (such as web search) and cache-write prices, added to rows that lack
 * them.
 */

import type { Supplement } from "../../domain/price/row/row.ts";
import { overlaySource, overlayVersion, usd, type UsdPrices } from "./row.ts";

/** USD per billed unit. */
const fees: Readonly<Record<string, UsdPrices>> = {
  // https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11: $10 per 1,000 searches.
  anthropic: { web_search: "0.01" },
  // https://developers.openai.com/api/docs/pricing, as genai-prices has it: $10 per 1,000 searches,
  // $2.50 per 1,000 file searches. A code container is $0.03
  // (community.openai.com/t/cost-of-code-interpreter-agents-sdk/1360060, read 2026-11); calls that
  // share one are charged one each, which is never too low.
  openai: { web_search: "0.01", file_search: "0.0025", code_execution: "0.03" },
  // https://docs.x.ai/developers/pricing, read 2026-11: $5 per 1,000 searches and code runs, $2.50
  // per 1,000 collection searches.
  "x-ai": { web_search: "0.005", file_search: "0.0025", code_execution: "0.005" },
  // https://openrouter.ai/docs/features/web-search: $4 per 1,000 results of Exa, five by default
  // (read 2026-11). It reports what it bills: this is held, also for a model whose vendor has a lower
  // fee, since Exa searches if the request asks for it, or if the vendor cannot.
  openrouter: { web_search: "0.02" },
  // Azure searches with Bing: $14 per 1,000
  // (https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/web-search, and the price in
  // LiteLLM's map, read 2026-11).
  azure: { web_search: "0.014", file_search: "0.0025", code_execution: "0.03" },
};

/**
 * The search models, which are not reasoning models and have the preview tool: $25 per 1,000
 * (https://developers.openai.com/api/docs/pricing, as quoted in community.openai.com/t/1363698, read
 * 2026-11).
 */
const previewFees: UsdPrices = { ...fees["openai"], web_search: "0.025" };

/**
 * https://ai.google.dev/gemini-api/docs/pricing: $35 per 1,000 grounded prompts before Gemini 3,
 * $14 per 1,000 queries since; $25 per 1,000 prompts grounded in maps (also
 * discuss.ai.google.dev/t/128770, and for Gemini 3 qiita.com/kai_kou/items/db855fba98f9b177fe52;
 * read 2026-11).
 */
const groundingBefore3: UsdPrices = { web_search: "0.035", maps_grounding: "0.025" };
const groundingSince3: UsdPrices = { web_search: "0.014", maps_grounding: "0.025" };

/** The usual fee, for providers that publish none. A search is never silently free. */
const usualFee: UsdPrices = { web_search: "0.01" };

/**
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching: five minutes at 1.25 times
 * the input price, an hour at twice.
 */
const claudeCache: Supplement = {
  multiples: {
    cache_write_5m: { of: "input", numerator: 5n, denominator: 4n },
    cache_write_1h: { of: "input", numerator: 2n, denominator: 1n },
  },
  source: overlaySource,
  version: overlayVersion,
};

/**
 * OpenAI's cache writes that are kept for longer than the default: twice the price of other writes
 * since gpt-5.6 (developers.openai.com/api/docs/pricing, as in LiteLLM's map: `_above_12hr`).
 */
const openaiCache: Supplement = {
  multiples: { cache_write_1h: { of: "cache_write_5m", numerator: 2n, denominator: 1n } },
  source: overlaySource,
  version: overlayVersion,
};
const openaiSince56 = /^gpt-(?:5\.6|6)/;

const supplementOf = new Map<UsdPrices, Supplement>();

export function supplementsOf(provider: string, model = ""): readonly Supplement[] {
  const fees = feesOf(provider, model);
  let fee = supplementOf.get(fees);
  if (!fee) {
    const rates = usd(fees);
    const mayCost = provider === "openrouter" && { mayCost: rates };
    fee = { rates, ...mayCost, source: overlaySource, version: overlayVersion };
    supplementOf.set(fees, fee);
  }
  if (model.includes("claude")) return [claudeCache, fee];
  return provider === "openai" && openaiSince56.test(model) ? [openaiCache, fee] : [fee];
}

function feesOf(provider: string, model: string): UsdPrices {
  if (provider === "google")
    return /gemini-[12](?!\d)/.test(model) ? groundingBefore3 : groundingSince3;
  if (model.includes("search-preview")) return previewFees;
  return fees[provider] ?? usualFee;
}
