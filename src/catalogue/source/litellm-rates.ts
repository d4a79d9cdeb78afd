/** Converts the cost fields of an entry of LiteLLM's map to rates. */

import { scale } from "../../domain/price/row/ratio.ts";
import { pico, type PicoUsd } from "../../domain/money/money.ts";
import type { ContextTier, OwnRates, Rates } from "../../domain/price/row/row.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { Meter } from "../../domain/usage/usage.ts";
import { dearer, notPrice, perUnit } from "./decimal.ts";
import { countOf, isObject, type ExactJson, type ExactObject } from "./exact-json.ts";
import type { Unread } from "./published-list.ts";

/** The prices of an entry: standard, and by service tier. */
export interface EntryRates {
  readonly standard: OwnRates;
  readonly tiers: Readonly<Partial<Record<"batch" | "flex" | "priority", OwnRates>>>;
}

/** An entry, or why a row cannot price it. */
export type ReadRates = EntryRates | Unread;

/** Fields that are prices of the same kind in every mode. */
const tokenFields: Readonly<Record<string, Meter>> = {
  input_cost_per_token: "input",
  output_cost_per_token: "output",
  cache_read_input_token_cost: "cache_read",
  cache_creation_input_token_cost: "cache_write_5m",
  cache_creation_input_token_cost_above_1hr: "cache_write_1h",
  // OpenAI's longest retention is charged as our longest-lived write.
  cache_creation_input_token_cost_above_12hr: "cache_write_1h",
  input_cost_per_audio_token: "input_audio",
  output_cost_per_audio_token: "output_audio",
  cache_read_input_audio_token_cost: "cache_read_audio",
  input_cost_per_image_token: "input_image",
  output_cost_per_image_token: "output_image",
  // Generated video is counted with images.
  output_cost_per_video_token: "output_image",
  // Cached images and cached text share a meter: the dearer price.
  cache_read_input_image_token_cost: "cache_read",
};

const unitFields: Readonly<Record<string, { readonly meter: Meter; readonly per?: bigint }>> = {
  input_cost_per_character: { meter: openMeter("characters") },
  output_cost_per_character: { meter: openMeter("output_characters") },
  input_cost_per_request: { meter: "request" },
  input_cost_per_audio_per_second: { meter: openMeter("audio_seconds") },
  input_cost_per_video_per_second: { meter: openMeter("input_video_seconds") },
  output_cost_per_video_per_second: { meter: openMeter("video_seconds") },
  input_cost_per_text_message: { meter: openMeter("text_messages") },
  ocr_cost_per_page: { meter: openMeter("pages") },
  annotation_cost_per_page: { meter: openMeter("annotated_pages") },
  code_interpreter_cost_per_session: { meter: "code_execution" },
  file_search_cost_per_1k_calls: { meter: "file_search", per: 1_000n },
  google_maps_grounding_cost_per_query: { meter: "maps_grounding" },
};

/** Costs that other fields state, that no call has, or of unknown tiers. */
const ignored =
  /^(?:input_cost_per_token_cache_hit|explicit_cache_read_input_token_cost|cost_per_second|.*_dbu_cost_per_token|cache_creation_input_audio_token_cost|computer_use_.*|.*_per_gb_per_day|.*_batches|.*_above_\d+s_interval|.*_(?:ultrafast|balanced|decisions)|annotation_cost_per_page_batches)$/;

/** Tokens that are counted as another kind. An entry with another price for them is skipped. */
const countedAs: Readonly<Record<string, readonly string[]>> = {
  output_cost_per_reasoning_token: ["output_cost_per_token"],
  input_cost_per_video_token: ["input_cost_per_token", "input_cost_per_image_token"],
};

const tierNames = { batches: "batch", flex: "flex", priority: "priority" } as const;
type ListedTier = keyof typeof tierNames;
type ServiceTierName = (typeof tierNames)[ListedTier];
const field = /^(.+?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority))?$/;

type MutableRates = { [meter in Meter]?: PicoUsd };

interface PriceParts {
  readonly rates: MutableRates;
  /** By thousands of tokens of the context. */
  readonly above: Map<number, MutableRates>;
}

type PartsByTier = Map<"standard" | ServiceTierName, PriceParts>;

const searchField = "search_context_cost_per_query";

/** @param isInclusive Whether a context of exactly the edge of a tier has the tier's prices. */
export function readRates(entry: ExactObject, mode: string, isInclusive: boolean): ReadRates {
  const parts: PartsByTier = new Map();
  for (const [name, value] of Object.entries(entry)) {
    if (!/cost/.test(name) || name === searchField) continue;
    const why = isUnreadable(value)
      ? notPrice(name)
      : readPrice(parts, { entry, mode, name, value });
    if (why !== undefined) return { why };
  }
  const bySize = entry[searchField] ?? {};
  if (!isObject(bySize) || Object.values(bySize).some(isUnreadable))
    return { why: notPrice(searchField) };
  const search = searchPrice(bySize);
  if (search !== undefined) partOf(parts, "standard").rates.web_search = search;
  followImages(parts, entry);
  const standard = ownRates(parts.get("standard"), isInclusive);
  if (!standard) return { why: "has no price", lacks: "price" };
  const tiers = Object.values(tierNames).flatMap((tier) => {
    const rates = ownRates(parts.get(tier), isInclusive);
    return rates ? [[tier, rates] as const] : [];
  });
  return { standard, tiers: Object.fromEntries(tiers) };
}

function partOf(parts: PartsByTier, tier: "standard" | ServiceTierName): PriceParts {
  const part = parts.get(tier) ?? { rates: {}, above: new Map<number, MutableRates>() };
  parts.set(tier, part);
  return part;
}

/**
 * Images at the price of text follow it at every size of the context. In a tier of service without a
 * price of cached images, the cache follows input: its price of text is not the dearer one.
 */
function followImages(parts: PartsByTier, entry: ExactObject): void {
  const standard = parts.get("standard");
  if (!standard) return;
  const { rates, above } = standard;
  const isRaised = [...above.values()].some(({ input }) => input !== undefined);
  const isStated = [...above.values()].some(({ input_image: image }) => image !== undefined);
  if (isRaised && !isStated && rates.input_image === rates.input) delete rates.input_image;
  if (perUnit(entry[cachedImages]) === undefined) return;
  for (const [suffix, tier] of Object.entries(tierNames)) {
    const own = parts.get(tier)?.rates;
    if (!own?.cache_read || entry[`${cachedImages}_${suffix}`] !== undefined) continue;
    if (!rates.cache_read || !rates.input || own.input === undefined) continue;
    const cached = scale(rates.cache_read, { numerator: own.input, denominator: rates.input });
    own.cache_read = dearer(own.cache_read, cached);
  }
}

const cachedImages = "cache_read_input_image_token_cost";

interface PriceField {
  readonly entry: ExactObject;
  readonly mode: string;
  readonly name: string;
  readonly value: ExactJson;
}

/** Adds the price of one field. @returns Why a row cannot have this price. */
function readPrice(
  parts: PartsByTier,
  { entry, mode, name, value }: PriceField,
): string | undefined {
  const [, base = name, above, tier] = field.exec(name) ?? [];
  const price = perUnit(value);
  if (price === undefined) return undefined;
  const parents = countedAs[base];
  if (parents) {
    const prices = parents.map((parent) => perUnit(entry[name.replace(base, parent)]));
    if (price === 0n || prices.includes(price)) return undefined;
    return `charges ${base.replace(/_cost_per|_token/g, "").replace("_", " ")} tokens apart`;
  }
  const meter = tokenFields[base];
  if (meter !== undefined) {
    const part = partOf(parts, tier === undefined ? "standard" : tierNames[tier as ListedTier]);
    const rates = above === undefined ? part.rates : ratesAbove(part, Number(above));
    // A cache price of zero means that there is none.
    if (price > 0n || !meter.startsWith("cache")) rates[meter] = dearer(rates[meter], price);
    return undefined;
  }
  if (price === 0n || ignored.test(name)) return undefined;
  const unit = tier === undefined && above === undefined ? unitOf(base, mode) : undefined;
  if (unit === undefined) return `has a price in an unknown unit, ${name}`;
  partOf(parts, "standard").rates[unit.meter] = perUnit(value, unit.per ?? 1n) ?? price;
  return undefined;
}

function ratesAbove({ above }: PriceParts, thousands: number): MutableRates {
  const rates = above.get(thousands) ?? {};
  above.set(thousands, rates);
  return rates;
}

function ownRates(part: PriceParts | undefined, isInclusive: boolean): OwnRates | undefined {
  if (!part || Object.keys(part.rates).length === 0) return undefined;
  const contextTiers: readonly ContextTier[] = [...part.above]
    .sort(([left], [right]) => left - right)
    .map(([thousands, rates]) => ({ tokens: thousands * 1_000, inclusive: isInclusive, rates }));
  return { rates: part.rates, ...(contextTiers.length > 0 && { contextTiers }) };
}

/** Null counts as absent. */
function isUnreadable(value: ExactJson): boolean {
  return value !== null && perUnit(value) === undefined;
}

/** The unit of a field, which for time, images and queries depends on what the model does. */
function unitOf(
  base: string,
  mode: string,
): { readonly meter: Meter; readonly per?: bigint } | undefined {
  const isSpeech = mode === "audio_speech";
  if (base === "input_cost_per_second")
    return mode === "audio_transcription" || mode === "realtime"
      ? { meter: openMeter("audio_seconds") }
      : mode === "video_generation"
        ? { meter: openMeter("video_seconds") }
        : undefined;
  if (base === "output_cost_per_second" || base === "output_cost_per_second_1080p") {
    if (mode === "audio_transcription") return { meter: openMeter("audio_seconds") };
    if (isSpeech) return { meter: openMeter("output_audio_seconds") };
  }
  const variant = /^output_cost_per_second(?:_(\w+))?$/.exec(base);
  if (variant && mode === "video_generation")
    return {
      meter: openMeter(variant[1] === undefined ? "video_seconds" : `video_seconds_${variant[1]}`),
    };
  const isImages = mode === "image_generation" || mode === "image_edit";
  if (base === "input_cost_per_image")
    return { meter: openMeter(isImages ? "images" : "input_images") };
  const image = /^output_cost_per_image(?:_([\w.]+))?$/.exec(base);
  if (image)
    return {
      meter: openMeter(
        image[1] === undefined ? "images" : `images_${image[1].toLowerCase().replace(".", "_")}`,
      ),
    };
  if (base === "input_cost_per_pixel" || base === "output_cost_per_pixel")
    return { meter: openMeter("pixels") };
  if (base === "input_cost_per_query")
    return mode === "rerank"
      ? { meter: openMeter("search_units") }
      : mode === "search" || mode === "vector_store"
        ? { meter: "request" }
        : undefined;
  return unitFields[base];
}

/** By the size of the search context, which a bill does not show: the dearest. */
function searchPrice(value: ExactJson | undefined): PicoUsd | undefined {
  if (!isObject(value)) return undefined;
  const prices = Object.values(value).flatMap((price) => perUnit(price) ?? []);
  const most = prices.reduce((left, right) => (left > right ? left : right), pico(0n));
  return most > 0n ? most : undefined;
}

/** Prices by ranges of the context, each with all its rates: `range: [256000, 1000000]`. */
export function readRanges(ranges: readonly ExactJson[], mode: string): ReadRates {
  const read: { readonly from: number; readonly rates: Rates }[] = [];
  for (const range of ranges) {
    const bounds = isObject(range) ? range["range"] : undefined;
    if (!isObject(range) || !Array.isArray(bounds))
      return { why: "has prices by ranges of another kind" };
    const entry = readRates(range, mode, false);
    if ("why" in entry) return entry;
    read.push({
      from: countOf((bounds as readonly ExactJson[])[0]) ?? 0,
      rates: entry.standard.rates,
    });
  }
  const [first, ...above] = read.toSorted((left, right) => left.from - right.from);
  if (!first || first.from !== 0) return { why: "has no price for small contexts" };
  const contextTiers = above.map(({ from, rates }) => ({ tokens: from, inclusive: false, rates }));
  return {
    standard: { rates: first.rates, ...(contextTiers.length > 0 && { contextTiers }) },
    tiers: {},
  };
}
