/** Reads the price list of genai-prices (github.com/pydantic/genai-prices, MIT). */

import { zero, type PicoUsd } from "../../domain/money/money.ts";
import { equalsAny, type IdRule } from "../../domain/price/id/id-rule.ts";
import type {
  CatalogueRow,
  ContextTier,
  OwnRates,
  Rates,
  Schedule,
} from "../../domain/price/row/row.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { Meter } from "../../domain/usage/usage.ts";
import { cacheWritesOf } from "./cache-writes.ts";
import { perUnit } from "./decimal.ts";
import { digestOf } from "./digest.ts";
import {
  countOf,
  isObject,
  listOf,
  textOf,
  type ExactJson,
  type ExactObject,
} from "./exact-json.ts";
import type { PublishedList, ReadOptions, SkippedModel } from "./published-list.ts";
import { simplerTerm } from "./term.ts";

const genaiPricesSource = "genai-prices";

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

/** The tier that a request context selects, by `key=value`. */
const tierOf: Readonly<Record<string, ServiceTier>> = {
  "processing=batch": "batch",
  "service_tier=flex": "flex",
  "service_tier=priority": "priority",
  "service_tier=fast": "fast",
  "speed=fast": "fast",
};

const everyDay = [1, 2, 3, 4, 5, 6, 7];

/** A provider of the list: how its hosts and its resold models are found. */
export interface ListedProvider {
  readonly id: string;
  /** A regular expression for the start of its base URLs. */
  readonly hosts: string;
  /** Providers whose models it resells at their price. */
  readonly resells: readonly string[];
}

/** @returns Undefined if the data has another format. */
export function readGenaiPrices(json: ExactJson, options: ReadOptions): PublishedList | undefined {
  const providers = providersIn(json);
  if (providers.length === 0) return undefined;
  const version = options.version ?? digestOf(json);
  const { at } = options;
  const skipped: SkippedModel[] = [];
  const rows = providers.flatMap((provider) =>
    listOf(provider["models"]).flatMap((model) =>
      isObject(model) ? convertModel({ provider, model, version, at, skipped }) : [],
    ),
  );
  return { source: genaiPricesSource, version, rows, skipped };
}

/** The providers of the list, in its order. */
export function readGenaiProviders(json: ExactJson): readonly ListedProvider[] {
  return providersIn(json).map((provider) => ({
    id: textOf(provider["id"]) ?? "",
    hosts: textOf(provider["api_pattern"]) ?? "",
    resells: listOf(provider["fallback_model_providers"]).flatMap((id) => textOf(id) ?? []),
  }));
}

/** Since version 3 the file is an object with `units` and `providers`, before that a list. */
function providersIn(json: ExactJson): readonly ExactObject[] {
  const listed = isObject(json) ? json["providers"] : json;
  const providers = listOf(listed).filter((entry) => isObject(entry));
  return providers.every((entry) => Array.isArray(entry["models"]) && "api_pattern" in entry)
    ? providers
    : [];
}

interface ModelToConvert {
  readonly provider: ExactObject;
  readonly model: ExactObject;
  readonly version: string;
  readonly at: number;
  readonly skipped: SkippedModel[];
}

function convertModel({
  provider,
  model,
  version,
  at,
  skipped,
}: ModelToConvert): readonly CatalogueRow[] {
  const providerId = textOf(provider["id"]) ?? "";
  const id = textOf(model["id"]) ?? "";
  const skip = (why: string): readonly CatalogueRow[] => {
    skipped.push({ provider: providerId, model: id, why });
    return [];
  };
  const periods = periodsOf(model, at);
  if (periods.some(({ from }) => Number.isNaN(from))) return skip("has a date that is not valid");
  const strange = periods.map(({ prices }) => unpriceable(prices)).find((why) => why !== undefined);
  if (strange !== undefined) return skip(strange);
  const contextWindow = countOf(model["context_window"]);
  const rows = periods.flatMap((period, index): readonly CatalogueRow[] => {
    const { rates, contextTiers } = isFree(period.prices, id)
      ? { rates: { input: zero, output: zero }, contextTiers: [] }
      : convertPrices(period.prices, providerId);
    if (Object.keys(rates).length === 0) return [];
    const validTo = periods[index + 1]?.from;
    const row: CatalogueRow = {
      provider: providerId,
      model: id,
      ids: convertMatch(id, model["match"]),
      ...(period.from !== undefined && { validFrom: period.from }),
      ...(validTo !== undefined && { validTo }),
      rates: withTokens(rates),
      ...(contextTiers.length > 0 && { contextTiers }),
      ...(period.schedules.length > 0 && { schedules: period.schedules }),
      cacheWrites: cacheWritesOf(id, rates),
      ...(contextWindow !== undefined && { contextWindow }),
      source: genaiPricesSource,
      version,
    };
    return [withTiers(row, period.variants)];
  });
  return rows.length > 0 ? rows : skip("has no price");
}

/**
 * A model without a price is free only if its id says so (OpenRouter's `:free`); else it is
 * unknown.
 */
function isFree(prices: ExactObject, model: string): boolean {
  return Object.keys(prices).length === 0 && model.endsWith(":free");
}

/** A model billed by the second, page or character has no token price. */
function withTokens(rates: Rates): Rates {
  return rates.input === undefined ? { input: zero, output: zero, ...rates } : rates;
}

function unpriceable(prices: ExactObject): string | undefined {
  if (!("input_mtok" in prices) && "output_mtok" in prices) return "has no price for input";
  for (const [key, price] of Object.entries(prices)) {
    if (!isValid(price)) return `has a price that is not a number of 0 or more, ${key}`;
    const parents = countedAs[key];
    const stated = JSON.stringify(price);
    if (parents && !parents.some((parent) => JSON.stringify(prices[parent]) === stated))
      return `charges ${key.replace("_mtok", "").replaceAll("_", " ")} tokens apart`;
    if (!parents && !unitOf[key] && key !== "cache_image_read_mtok")
      return `has a price in an unknown unit, ${key}`;
  }
  return undefined;
}

/** A price, or one by the size of the context. */
function isValid(price: ExactJson): boolean {
  if (!isObject(price)) return perUnit(price, 1n) !== undefined;
  return [price["base"], ...listOf(price["tiers"]).map((tier) => isObject(tier) && tier["price"])]
    .map((one) => one ?? "")
    .every((one) => typeof one === "string" && perUnit(one, 1n) !== undefined);
}

interface Period {
  readonly from: number | undefined;
  readonly prices: ExactObject;
  readonly schedules: readonly Schedule[];
  /** Those that apply from the start of the period on, the first of a tier first. */
  readonly variants: readonly ExactObject[];
}

/**
 * Time-of-day prices follow the dated price they belong to. The last match wins in the list, the
 * first in our rows, so they are reversed. A variant may begin later than the price that it varies.
 */
function periodsOf(model: ExactObject, at: number): readonly Period[] {
  const variants = listOf(model["price_variants"]).filter((variant) => isObject(variant));
  const listed = Array.isArray(model["prices"])
    ? listOf(model["prices"])
    : [{ prices: model["prices"] ?? {} } as ExactObject];
  const periods: { from: number | undefined; prices: ExactObject; schedules: Schedule[] }[] = [];
  for (const entry of listed) {
    if (!isObject(entry) || !isObject(entry["prices"])) continue;
    const constraint = isObject(entry["constraint"]) ? entry["constraint"] : undefined;
    if (constraint && "start_time" in constraint)
      periods.at(-1)?.schedules.unshift(...convertHours(constraint, entry["prices"]));
    else periods.push({ from: startOf(constraint), prices: entry["prices"], schedules: [] });
  }
  const startIn = (variant: ExactObject): number | undefined =>
    startOfVariant(variant, { variants, at });
  const starts = variants.flatMap((variant) => startIn(variant) ?? []);
  return periods.flatMap((period, index) => {
    const end = periods[index + 1]?.from ?? Infinity;
    const inside = starts.filter((start) => start > (period.from ?? -Infinity) && start < end);
    const edges = [period.from, ...[...new Set(inside)].sort((left, right) => left - right)];
    return edges.map((from) => ({
      ...period,
      from,
      variants: variants.filter(
        (variant) => (startIn(variant) ?? -Infinity) <= (from ?? -Infinity),
      ),
    }));
  });
}

function startOf(constraint: ExactObject | undefined): number | undefined {
  const date = textOf(constraint?.["start_date"]);
  return date === undefined ? undefined : Date.parse(`${date}T00:00:00Z`);
}

/**
 * The date of a tier's price is when the list added it, not when it began. So the only price of a
 * tier applies from the start of the standard price, unless its date is in the future.
 */
function startOfVariant(variant: ExactObject, { variants, at }: Variants): number | undefined {
  const start = isObject(variant["constraint"]) ? startOf(variant["constraint"]) : undefined;
  const asked = JSON.stringify(variant["when"]);
  const isOnly = variants.every(
    (other) => other === variant || JSON.stringify(other["when"]) !== asked,
  );
  return start !== undefined && start <= at && isOnly ? undefined : start;
}

interface Variants {
  readonly variants: readonly ExactObject[];
  readonly at: number;
}

function convertHours(hours: ExactObject, prices: ExactObject): readonly Schedule[] {
  const { rates } = convertPrices(prices, "");
  const fromMinute = minuteOf(textOf(hours["start_time"]) ?? "");
  const toMinute = minuteOf(textOf(hours["end_time"]) ?? "");
  if (fromMinute < toMinute) return [{ weekdays: everyDay, fromMinute, toMinute, rates }];
  return [
    { weekdays: everyDay, fromMinute, toMinute: 1440, rates },
    ...(toMinute > 0 ? [{ weekdays: everyDay, fromMinute: 0, toMinute, rates }] : []),
  ];
}

/** `"00:30:00Z"` as 30. */
function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function withTiers(row: CatalogueRow, variants: readonly ExactObject[]): CatalogueRow {
  const tiers: { [tier in ServiceTier]?: OwnRates } = {};
  for (const { when, prices } of variants) {
    if (!isObject(when) || !isObject(prices)) continue;
    const asked = Object.entries(when).map(([key, value]) => `${key}=${textOf(value)}`);
    const tier = asked.length === 1 ? tierOf[asked[0] ?? ""] : undefined;
    if (tier === undefined || tiers[tier]) continue;
    const { rates, contextTiers } = convertPrices(prices, row.provider);
    if (Object.keys(rates).length === 0) continue;
    tiers[tier] = { rates, ...(contextTiers.length > 0 && { contextTiers }) };
  }
  const priced = Object.entries(tiers).map(([tier, own]) => [tier, simplerTerm(row, own)] as const);
  return priced.length === 0 ? row : { ...row, serviceTiers: Object.fromEntries(priced) };
}

function convertPrices(
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

function dearer(left: PicoUsd | undefined, right: PicoUsd): PicoUsd {
  return left !== undefined && left > right ? left : right;
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

/**
 * The model's id, with its dated snapshots, and the texts of its match. Its regular expressions are
 * left out: a list may come from anywhere, and those in use only name dates or exclude ids.
 */
function convertMatch(id: string, match: ExactJson | undefined): IdRule {
  return { any: [equalsAny(id), ...(isObject(match) ? rulesOf(match) : [])] };
}

function rulesOf(match: ExactObject): readonly IdRule[] {
  const [kind = "", value] = Object.entries(match)[0] ?? [];
  if (kind === "or" || kind === "and")
    return listOf(value).flatMap((entry) => (isObject(entry) ? rulesOf(entry) : []));
  const text = textOf(value) ?? "";
  if (kind === "equals") return [equalsAny(text)];
  if (kind === "starts_with") return [{ startsWith: text }];
  if (kind === "ends_with") return [{ endsWith: text }];
  return kind === "contains" ? [{ contains: text }] : [];
}
