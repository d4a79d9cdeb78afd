/**
 * Reads LiteLLM's map of prices (github.com/BerriAI/litellm, MIT): one entry per way to call a
 * model.
 */

import { pico, zero, type PicoUsd } from "../../domain/money/money.ts";
import { equalsAny } from "../../domain/price/id/id-rule.ts";
import {
  chargesTokensAlike,
  type CatalogueRow,
  type OwnRates,
  type Rates,
  type Schedule,
  type TermPrice,
} from "../../domain/price/row/row.ts";
import { anyRegion } from "../../domain/price/row/terms.ts";
import { isOpenMeter, openMeter } from "../../domain/usage/open-meter.ts";
import type { OpenMeter } from "../../domain/usage/usage.ts";
import { cacheWritesOf } from "./cache-writes.ts";
import { ratioOf } from "./decimal.ts";
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
import { freeInput, pricesInput } from "./input-price.ts";
import { parseName, pixelsOf, providerOf, type MapName } from "./litellm-name.ts";
import { readOffPeak } from "./litellm-hours.ts";
import { readRanges, readRates, type EntryRates } from "./litellm-rates.ts";
import type {
  EndOfModel,
  PublishedList,
  ReadOptions,
  SkippedModel,
  Unread,
} from "./published-list.ts";
import { simplerTerm } from "./term.ts";

const litellmSource = "litellm";

/** An entry whose prices could be read. */
interface Entry {
  /** Its name in the map. */
  readonly key: string;
  readonly provider: string;
  readonly name: MapName;
  readonly fields: ExactObject;
  readonly rates: PricedEntry;
}

interface PricedEntry extends EntryRates {
  readonly schedules: readonly Schedule[];
}

/** Also with the sample alone, which describes the fields. */
export function isLitellm(json: ExactJson): json is ExactObject {
  return isObject(json) && Object.values(json).some(isEntry);
}

/** How many entries the map has, with or without prices. */
export function countLitellm(json: ExactJson): number {
  return Object.values(isObject(json) ? json : {}).filter(isEntry).length;
}

function isEntry(fields: ExactJson): boolean {
  return isObject(fields) && "litellm_provider" in fields;
}

/** @returns Undefined if the data has another format. */
export function readLitellm(json: ExactJson, options: ReadOptions): PublishedList | undefined {
  if (!isLitellm(json)) return undefined;
  const listed = Object.entries(json).filter(
    (pair): pair is [string, ExactObject] => isObject(pair[1]) && pair[0] !== "sample_spec",
  );

  const skipped: SkippedModel[] = [];
  const ends: EndOfModel[] = [];
  const entries: Entry[] = [];
  for (const [key, fields] of listed) {
    const of = textOf(fields["litellm_provider"]);
    if (of === undefined) continue;
    const provider = providerOf(of);
    const name = parseName(key, of);
    const on = textOf(fields["deprecation_date"]);
    if (on !== undefined && name.region === undefined)
      ends.push({ provider, model: name.model, on: Date.parse(`${on}T00:00:00Z`) });
    const rates = readEntry(fields, name, provider);
    if ("why" in rates) skipped.push({ provider, model: name.model, path: pathOf(key), ...rates });
    else entries.push({ key, provider, name, fields, rates });
  }

  const version = options.version ?? digestOf(json);
  const rows = joined(entries, skipped).map((row) => ({ ...row, version }));
  return { source: litellmSource, version, rows: withAliases(rows, json), skipped, ends };
}

function readEntry(
  fields: ExactObject,
  { isCommitment, image }: MapName,
  provider: string,
): PricedEntry | Unread {
  if (isCommitment)
    return { why: "is capacity bought for months, not by use", lacks: "price_by_use" };
  const mode = textOf(fields["mode"]) ?? "chat";
  const ranges = fields["tiered_pricing"] ?? [];
  if (!Array.isArray(ranges)) return { why: "has prices by ranges of another kind" };
  const read =
    ranges.length > 0
      ? readRanges(listOf(ranges), mode)
      : readRates(fields, mode, provider === "x-ai");
  if ("why" in read) return read;
  const offPeak = readOffPeak(fields["off_peak_pricing"] ?? null);
  if ("why" in offPeak) return offPeak;
  const { schedules } = offPeak;
  const rates = inOneUnit(
    image === undefined ? read.standard.rates : imageRates(read.standard.rates, image),
  );
  if (Object.values(rates).every((rate) => rate === 0n))
    return { why: "is listed at zero, which may be an unknown price", lacks: "price" };
  const isText = ["chat", "responses", "completion"].includes(mode);
  if (isText && (rates.output ?? zero) === 0n && (rates.input ?? zero) > 0n)
    return { why: "has no price for output", lacks: "price" };
  const standard = { ...read.standard, rates };
  if (!pricesInput({ ...standard, serviceTiers: read.tiers, schedules })) return { why: freeInput };
  return { ...read, standard, schedules };
}

/**
 * An entry may state the same price by token and by second, image or character. Tokens are what the
 * provider reports, so units of the same direction are left out.
 */
function inOneUnit(rates: Rates): Rates {
  const hasInput = (rates.input ?? zero) > 0n || rates.input_audio !== undefined;
  const hasOutput =
    (rates.output ?? zero) > 0n ||
    rates.output_image !== undefined ||
    rates.output_audio !== undefined;
  const isStated = (meter: string): boolean => {
    if (!isOpenMeter(meter)) return false;
    if (/^(?:characters|audio_seconds|input_images|input_video_seconds|text_messages)$/.test(meter))
      return hasInput;
    return hasOutput && /^(?:images|video_seconds|output_|pixels)/.test(meter);
  };
  const kept = Object.fromEntries(
    Object.entries(rates).filter(([meter]) => !isStated(meter)),
  ) as Rates;
  // A model billed by other units has no token price.
  return kept.input === undefined && Object.keys(kept).length > 0
    ? { output: zero, ...kept, input: zero }
    : kept;
}

/** The price of one variant of an image, which some entries state by the pixel. */
function imageRates(rates: Rates, variant: string): Rates {
  const meter = openMeter(`images_${variant}`);
  const [images, pixels] = [rates[openMeter("images")], rates[openMeter("pixels")]];
  const size = pixelsOf(variant);
  const price =
    images ?? (pixels !== undefined && size !== undefined ? rounded(pixels * size) : undefined);
  return price === undefined ? {} : { [meter]: price };
}

/**
 * Prices by the pixel are prices of images, divided; rounded to the nearest hundredth of a cent.
 */
function rounded(amount: bigint): PicoUsd {
  const step = 100_000_000n;
  return pico(((amount + step / 2n) / step) * step);
}

/** One row per model: its regions and image variants are entries of their own in the map. */
function joined(entries: readonly Entry[], skipped: SkippedModel[]): readonly CatalogueRow[] {
  // Google's own API comes before Vertex AI, whose entries add what it lacks.
  const byRoute = entries.toSorted((left, right) => routeOf(left) - routeOf(right));
  const [variants, mains] = [byRoute.filter(isVariant), byRoute.filter((one) => !isVariant(one))];
  const rows = new Map<string, CatalogueRow>();
  for (const entry of mains) {
    const row = rows.get(modelKeyOf(entry));
    const made = rowOf(entry);
    if (!row) rows.set(modelKeyOf(entry), made);
    else if (chargesTokensAlike(row, made)) rows.set(modelKeyOf(entry), { ...made, ...row });
    else
      skipped.push(
        skippedEntry(entry, { why: "has another price in a second entry", lacks: "own_price" }),
      );
  }
  for (const entry of variants) {
    const row = withVariant(rows.get(modelKeyOf(entry)), entry);
    if ("why" in row) skipped.push(row);
    else rows.set(modelKeyOf(entry), row);
  }
  return [...rows.values()];
}

function modelKeyOf({ provider, name }: Entry): string {
  return `${provider} ${name.model}`;
}

function isVariant({ name }: Entry): boolean {
  return name.region !== undefined || name.image !== undefined;
}

function skippedEntry({ provider, name, key }: Entry, unread: Unread): SkippedModel {
  const model = name.image === undefined ? name.model : `${name.model} (${name.image})`;
  return { provider, model, path: pathOf(key), ...unread };
}

/** The row of a model with the price of one of its regions or image variants. */
function withVariant(main: CatalogueRow | undefined, entry: Entry): CatalogueRow | SkippedModel {
  const { image, region = "" } = entry.name;
  const prices = entry.rates.standard;
  if (image !== undefined) {
    const row = main ?? rowOf(entry);
    return isByToken(row)
      ? skippedEntry(entry, {
          why: "is billed by tokens, which give the price of an image",
          lacks: "own_price",
        })
      : { ...row, rates: { ...row.rates, ...openOf(prices.rates) } };
  }
  if (!main) return skippedEntry(entry, { why: `has a price in ${region} only` });
  const regions = main.regions === "included" ? {} : main.regions;
  return { ...main, regions: { ...regions, [region]: simplerTerm(main, prices) } };
}

function isByToken({ rates }: CatalogueRow): boolean {
  return (rates.output ?? zero) > 0n || rates.output_image !== undefined;
}

function routeOf({ fields }: Entry): number {
  return textOf(fields["litellm_provider"])?.startsWith("vertex_ai") ? 1 : 0;
}

function openOf(rates: Rates): Readonly<Record<OpenMeter, PicoUsd>> {
  return Object.fromEntries(
    Object.entries(rates).filter(([meter]) => isOpenMeter(meter)),
  ) as Readonly<Record<OpenMeter, PicoUsd>>;
}

function rowOf({ provider, name, fields, rates }: Entry): CatalogueRow {
  const { model } = name;
  const { standard, tiers } = rates;
  const contextWindow = countOf(fields["max_input_tokens"]);
  const maxOutputTokens = countOf(fields["max_output_tokens"]);
  const uplift = ratioOf(fields["regional_endpoint_uplift_multiplier"]);
  const row: CatalogueRow = {
    provider,
    model,
    ids: equalsAny(model),
    ...standard,
    ...(rates.schedules.length > 0 && { schedules: rates.schedules }),
    ...(uplift && { regions: { [anyRegion]: uplift } }),
    cacheWrites: cacheWritesOf(model, standard.rates),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    source: litellmSource,
    version: "",
  };
  const priced = Object.entries(tiers).map(
    ([tier, own]) => [tier, simplerTerm(row, ownAt(row, own))] as const,
  );
  const terms: Readonly<Record<string, TermPrice>> = Object.fromEntries(priced);
  // OpenAI calls its priority tier fast, too.
  const fast = provider === "openai" && terms["priority"] ? { fast: terms["priority"] } : {};
  return priced.length === 0 ? row : { ...row, serviceTiers: { ...terms, ...fast } };
}

/** A tier has prices only at context sizes where the standard price changes. */
function ownAt(row: CatalogueRow, { rates, contextTiers = [] }: OwnRates): OwnRates {
  const shared = contextTiers.filter(({ tokens }) =>
    row.contextTiers?.some((tier) => tier.tokens === tokens),
  );
  return { rates, ...(shared.length > 0 && { contextTiers: shared }) };
}

/** Adds the ids that the map lists as aliases of a model. */
function withAliases(rows: readonly CatalogueRow[], json: ExactObject): readonly CatalogueRow[] {
  const names = new Map<string, string[]>();
  for (const [key, fields] of Object.entries(json)) {
    const target = isObject(fields) ? textOf(fields["alias_of"]) : undefined;
    const entry = target === undefined ? undefined : json[target];
    const of = isObject(entry) ? textOf(entry["litellm_provider"]) : undefined;
    if (target === undefined || of === undefined) continue;
    const [route = ""] = key.split("/");
    const model = parseName(target, of).model;
    const alias = parseName(key, of.startsWith(route) ? of : route).model;
    const known = names.get(`${providerOf(of)} ${model}`) ?? [];
    names.set(`${providerOf(of)} ${model}`, [...known, alias]);
  }
  return rows.map((row) => {
    const aliases = names.get(`${row.provider} ${row.model}`);
    return aliases ? { ...row, ids: equalsAny(row.model, ...aliases) } : row;
  });
}
