/** Converts the prices of a model in genai-prices' list to rates, by meter and context size. */

import type { PicoUsd } from "../../domain/money/money.ts";
import type { ContextTier, Rates } from "../../domain/price/row/row.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { Meter } from "../../domain/usage/usage.ts";
import { dearer, notPrice, perUnit } from "./decimal.ts";
import { countOf, isObject, listOf, type ExactJson, type ExactObject } from "./exact-json.ts";
import { freeInput } from "./input-price.ts";

interface Unit {
  readonly meter: Meter;
  /** Units per price. */
  readonly per: bigint;
}

const million = 1_000_000n;

/** Our meter for each of its prices. */
const unitOf: Readonly<Record<string, Unit>> = {
  input_mtok: { meter: "input", per: million },
  output_mtok: { meter: "output", per: million },
  cache_read_mtok: { meter: "cache_read", per: million },
  cache_write_mtok: { meter: "cache_write_5m", per: million },
  cache_write_5m_mtok: { meter: "cache_write_5m", per: million },
  cache_write_1h_mtok: { meter: "cache_write_1h", per: million },
  input_audio_mtok: { meter: "input_audio", per: million },
  cache_audio_read_mtok: { meter: "cache_read_audio", per: million },
  output_audio_mtok: { meter: "output_audio", per: million },
  input_image_mtok: { meter: "input_image", per: million },
  output_image_mtok: { meter: "output_image", per: million },
  // Generated video is counted with images.
  output_video_mtok: { meter: "output_image", per: million },
  web_searches_kcount: { meter: "web_search", per: 1_000n },
  storage_searches_kcount: { meter: "file_search", per: 1_000n },
  code_executions_kcount: { meter: "code_execution", per: 1_000n },
  requests_kcount: { meter: "request", per: 1_000n },
  audio_hours: { meter: openMeter("audio_seconds"), per: 3_600n },
  input_audio_hours: { meter: openMeter("audio_seconds"), per: 3_600n },
  output_audio_hours: { meter: openMeter("output_audio_seconds"), per: 3_600n },
  input_mchars: { meter: openMeter("characters"), per: million },
  input_text_messages_kcount: { meter: openMeter("text_messages"), per: 1_000n },
  input_document_kpages: { meter: openMeter("pages"), per: 1_000n },
  input_annotated_document_kpages: { meter: openMeter("annotated_pages"), per: 1_000n },
  input_gpixels: { meter: openMeter("pixels"), per: 1_000_000_000n },
  rerank_searches_kcount: { meter: openMeter("search_units"), per: 1_000n },
};

/**
 * Tokens without a meter of their own, counted and charged as another kind. A model with another
 * price for them is skipped.
 */
const countedAs: Readonly<Record<string, readonly string[]>> = {
  input_video_mtok: ["input_mtok", "input_image_mtok"],
  output_reasoning_mtok: ["output_mtok"],
  output_citation_mtok: ["output_mtok"],
};

/** Why a row cannot state the prices; undefined if it can. */
export function unpriceable(prices: ExactObject): string | undefined {
  const names = Object.keys(prices);
  if (!names.includes("input_mtok") && names.includes("output_mtok")) return freeInput;
  const strange = unreadable(prices);
  if (strange !== undefined) return strange;
  for (const [key, price] of Object.entries(prices)) {
    const parents = countedAs[key];
    const stated = JSON.stringify(price);
    if (parents && !parents.some((parent) => JSON.stringify(prices[parent]) === stated))
      return `charges ${key.replace("_mtok", "").replaceAll("_", " ")} tokens apart`;
    if (!parents && !unitOf[key] && key !== "cache_image_read_mtok")
      return `has a price in an unknown unit, ${key}`;
  }
  return undefined;
}

/** Names a price that is negative or not a number; undefined if there is none. */
export function unreadable(prices: ExactObject): string | undefined {
  const strange = Object.entries(prices).find(([, price]) => !isValid(price));
  return strange && notPrice(strange[0]);
}

export function convertPrices(
  prices: ExactObject,
  provider: string,
): { readonly rates: Rates; readonly contextTiers: readonly ContextTier[] } {
  const rates: { [meter in Meter]?: PicoUsd } = {};
  const tiers = new Map<number, { [meter in Meter]?: PicoUsd }>();
  for (const [key, price] of Object.entries(prices)) {
    const unit =
      unitOf[key] ?? (key === "cache_image_read_mtok" ? unitOf["cache_read_mtok"] : undefined);
    const base = isObject(price) ? price["base"] : price;
    const rate = unit && perUnit(base, unit.per);
    if (!unit || rate === undefined) continue;
    // Two kinds that share a meter, such as cached images and cached text: the dearer price.
    rates[unit.meter] = dearer(rates[unit.meter], rate);
    for (const tier of isObject(price) ? listOf(price["tiers"]) : []) {
      const start = isObject(tier) ? countOf(tier["start"]) : undefined;
      const tierRate = isObject(tier) ? perUnit(tier["price"], unit.per) : undefined;
      if (start === undefined || tierRate === undefined) continue;
      tiers.set(start, { ...tiers.get(start), [unit.meter]: tierRate });
    }
  }
  const contextTiers = [...tiers]
    .sort(([left], [right]) => left - right)
    .map(([start, tier]) => ({ ...threshold(start, provider), rates: tier }));
  return { rates, contextTiers };
}

/** A price, or one by the size of the context. */
function isValid(price: ExactJson): boolean {
  if (!isObject(price)) return perUnit(price) !== undefined;
  const tiers = price["tiers"] ?? [];
  return (
    perUnit(price["base"]) !== undefined &&
    Array.isArray(tiers) &&
    listOf(tiers).every(
      (tier) =>
        isObject(tier) &&
        countOf(tier["start"]) !== undefined &&
        perUnit(tier["price"]) !== undefined,
    )
  );
}

/**
 * Its tiers begin above `start`: 199999 means "200,000 and more".
 *
 * OpenAI's own rows are always exclusive: "prompts with more than 272K input tokens"
 * (developers.openai.com/api/docs/pricing, read 2026-11).
 */
function threshold(
  start: number,
  provider: string,
): { readonly tokens: number; readonly inclusive: boolean } {
  if (start % 1000 !== 999) return { tokens: start, inclusive: false };
  return { tokens: start + 1, inclusive: provider !== "openai" };
}
