/** Reads the price list of genai-prices (github.com/pydantic/genai-prices, MIT). */

import { zero } from "../../domain/money/money.ts";
import { equalsAny, type IdRule } from "../../domain/price/id/id-rule.ts";
import type { CatalogueRow, OwnRates, Rates, Schedule } from "../../domain/price/row/row.ts";
import type { ServiceTier } from "../../domain/price/row/rate.ts";
import { cacheWritesOf } from "./cache-writes.ts";
import { digestOf } from "./digest.ts";
import {
  countOf,
  isObject,
  listOf,
  pathOf,
  textOf,
  type ExactJson,
  type ExactObject,
} from "./exact-json.ts";
import { convertPrices, unpriceable, unreadable } from "./genai-prices-rates.ts";
import { minuteOf, schedulesOf, type Hours } from "./hours.ts";
import { freeInput, pricesInput } from "./input-price.ts";
import type { LackOfPrice, PublishedList, ReadOptions, SkippedModel } from "./published-list.ts";
import { simplerTerm } from "./term.ts";

const genaiPricesSource = "genai-prices";

/** The tier that a request context selects, by `key=value`. */
const tierOf: Readonly<Record<string, ServiceTier>> = {
  "processing=batch": "batch",
  "service_tier=flex": "flex",
  "service_tier=priority": "priority",
  "service_tier=fast": "fast",
  "speed=fast": "fast",
};

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
  if (!isGenaiPrices(json)) return undefined;
  const providers = providersIn(json);
  const version = options.version ?? digestOf(json);
  const { at } = options;
  const skipped: SkippedModel[] = [];
  const root = isObject(json) ? ["providers"] : [];
  const rows = providers.flatMap((provider, place) =>
    listOf(provider["models"]).flatMap((model, index) => {
      if (!isObject(model)) return [];
      const path = pathOf(...root, place, "models", index);
      return convertModel({ provider, model, path, version, at, skipped });
    }),
  );
  return { source: genaiPricesSource, version, rows, skipped };
}

/** Also with an empty list of providers: no other format has that. */
export function isGenaiPrices(json: ExactJson): boolean {
  return providersIn(json).length > 0 || (isObject(json) && isEmptyList(json["providers"]));
}

/** How many models the list has, with or without prices. */
export function countGenaiPrices(json: ExactJson): number {
  return providersIn(json).reduce((sum, { models }) => sum + listOf(models).length, 0);
}

function isEmptyList(json: ExactJson | undefined): boolean {
  return Array.isArray(json) && json.length === 0;
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
  const providers = listOf(isObject(json) ? json["providers"] : json);
  return providers.every(isProvider) ? providers : [];
}

function isProvider(entry: ExactJson): entry is ExactObject {
  return isObject(entry) && Array.isArray(entry["models"]) && "api_pattern" in entry;
}

/**
 * What keeps data that looks like this list from being read: `[1] has no api_pattern`. Undefined if
 * it looks like no list of providers.
 */
export function missingInGenaiPrices(json: ExactJson): string | undefined {
  const providers = listOf(isObject(json) ? json["providers"] : json);
  const looksAlike = providers.some((entry) => isObject(entry) && Array.isArray(entry["models"]));
  const index = providers.findIndex((entry) => !isProvider(entry));
  if (!looksAlike || index < 0) return undefined;
  const entry = providers[index];
  const path = pathOf(...(isObject(json) ? ["providers"] : []), index);
  if (!isObject(entry)) return `${path} is not an object`;
  return `${path} has no ${Array.isArray(entry["models"]) ? "api_pattern" : "list of models"}`;
}

interface ModelToConvert {
  readonly provider: ExactObject;
  readonly model: ExactObject;
  readonly path: string;
  readonly version: string;
  readonly at: number;
  readonly skipped: SkippedModel[];
}

function convertModel({
  provider,
  model,
  path,
  version,
  at,
  skipped,
}: ModelToConvert): readonly CatalogueRow[] {
  const providerId = textOf(provider["id"]) ?? "";
  const id = textOf(model["id"]) ?? "";
  const skip = (why: string, lacks?: LackOfPrice): readonly CatalogueRow[] => {
    skipped.push({ provider: providerId, model: id, path, why, ...(lacks && { lacks }) });
    return [];
  };
  const shape = otherShape(model);
  if (shape !== undefined) return skip(shape);
  const periods = periodsOf(model, at);
  if (periods.some(({ from }) => Number.isNaN(from))) return skip("has a date that is not valid");
  const strange =
    periods.map(({ prices }) => unpriceable(prices)).find((why) => why !== undefined) ??
    everyPrice(model)
      .map(unreadable)
      .find((why) => why !== undefined);
  if (strange !== undefined) return skip(strange);
  const rows = periods.flatMap((period, index) =>
    rowOfPeriod({ provider, model, version, period, validTo: periods[index + 1]?.from }),
  );
  if (!rows.every(pricesInput)) return skip(freeInput);
  return rows.length > 0 ? rows : skip("has no price", "price");
}

interface PeriodToConvert extends Pick<ModelToConvert, "provider" | "model" | "version"> {
  readonly period: Period;
  readonly validTo: number | undefined;
}

/** @returns No row for a period without a price. */
function rowOfPeriod({
  provider,
  model,
  version,
  period,
  validTo,
}: PeriodToConvert): readonly CatalogueRow[] {
  const [providerId, id] = [textOf(provider["id"]) ?? "", textOf(model["id"]) ?? ""];
  const { rates, contextTiers } = isFree(period.prices, id)
    ? { rates: { input: zero, output: zero }, contextTiers: [] }
    : convertPrices(period.prices, providerId);
  if (Object.keys(rates).length === 0) return [];
  const contextWindow = countOf(model["context_window"]);
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
}

/** Names what is not as the format has it: a part left out would change what a call costs. */
function otherShape(model: ExactObject): string | undefined {
  const { prices = {}, price_variants: variants = [] } = model;
  const isPriced = (entry: ExactJson): boolean =>
    isObject(entry) && isObject(entry["prices"]) && isConstraint(entry["constraint"] ?? null);
  const isListed = Array.isArray(prices) ? listOf(prices).every(isPriced) : isObject(prices ?? {});
  if (!isListed) return "has prices of another kind, prices";
  const isVaried =
    Array.isArray(variants ?? []) &&
    listOf(variants).every((one) => isPriced(one) && isObject(one) && isObject(one["when"]));
  return isVaried ? undefined : "has prices of another kind, price_variants";
}

/** From a date on, at some hours, or always. */
function isConstraint(constraint: ExactJson): boolean {
  if (constraint === null) return true;
  if (!isObject(constraint)) return false;
  const names = Object.keys(constraint).toSorted().join(" ");
  return names === "start_date" || (names === "end_time start_time" && !!hoursOf(constraint));
}

/** The prices of all dates, hours and tiers. */
function everyPrice({ prices, price_variants: variants }: ExactObject): readonly ExactObject[] {
  return [...listOf(prices), ...listOf(variants)].flatMap((entry) => {
    const own = isObject(entry) ? entry["prices"] : undefined;
    return isObject(own) ? [own] : [];
  });
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
    startOfVariant(variant, { variants, periods, at });
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
 * tier applies from the start of the standard price of that date, unless the date is in the future.
 * Under another standard price the tier had another price.
 */
function startOfVariant(
  variant: ExactObject,
  { variants, periods, at }: Variants,
): number | undefined {
  const start = isObject(variant["constraint"]) ? startOf(variant["constraint"]) : undefined;
  const asked = JSON.stringify(variant["when"]);
  const isOnly = variants.every(
    (other) => other === variant || JSON.stringify(other["when"]) !== asked,
  );
  if (start === undefined || start > at || !isOnly) return start;
  const until = periods.findLastIndex(({ from = -Infinity }) => from <= start);
  const isOther = ({ prices }: PricedFrom): boolean => !isSamePrice(prices, periods[until]?.prices);
  const before = periods.slice(0, until).findLastIndex(isOther);
  return periods[before + 1]?.from;
}

/** Whether two prices of one model have the same rates, besides those of long contexts. */
function isSamePrice(left: ExactObject, right: ExactObject = {}): boolean {
  const base = (price: ExactJson | undefined): ExactJson | undefined =>
    isObject(price) ? price["base"] : price;
  return Object.keys(left).every(
    (name) => !(name in right) || base(left[name]) === base(right[name]),
  );
}

interface PricedFrom {
  readonly from: number | undefined;
  readonly prices: ExactObject;
}

interface Variants {
  readonly variants: readonly ExactObject[];
  readonly periods: readonly PricedFrom[];
  readonly at: number;
}

function convertHours(hours: ExactObject, prices: ExactObject): readonly Schedule[] {
  const span = hoursOf(hours);
  return span ? schedulesOf(span, { rates: convertPrices(prices, "").rates }) : [];
}

/** @returns Undefined if a time cannot be read. */
function hoursOf({ start_time: start, end_time: end }: ExactObject): Hours | undefined {
  const [from, to] = [minuteOf(textOf(start) ?? ""), minuteOf(textOf(end) ?? "")];
  return from === undefined || to === undefined ? undefined : { from, to };
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
