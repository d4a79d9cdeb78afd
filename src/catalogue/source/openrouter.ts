/**
 * Reads OpenRouter's list of models, `GET /api/v1/models`: prices are decimal strings, in USD per
 * token, request or search.
 */

import type { PicoUsd } from "../../domain/money/money.ts";
import { equalsAny } from "../../domain/price/id/id-rule.ts";
import type { CatalogueRow, Rates } from "../../domain/price/row/row.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import type { Meter } from "../../domain/usage/usage.ts";
import { cacheWritesOf } from "./cache-writes.ts";
import { notPrice, perUnit } from "./decimal.ts";
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
import type { PublishedList, ReadOptions, SkippedModel } from "./published-list.ts";

const openrouterSource = "openrouter";

const meterOf: Readonly<Record<string, Meter>> = {
  prompt: "input",
  completion: "output",
  input_cache_read: "cache_read",
  input_cache_write: "cache_write_5m",
  audio: "input_audio",
  input_audio_cache: "cache_read_audio",
  audio_output: "output_audio",
  image_token: "input_image",
  image_output: "output_image",
  image: openMeter("input_images"),
  request: "request",
  web_search: "web_search",
};

/** Also an empty list: no other format has `data`. */
export function isOpenrouter(json: ExactJson): json is ExactObject {
  if (!isObject(json) || !Array.isArray(json["data"])) return false;
  const models = listOf(json["data"]);
  return (
    models.length === 0 || models.some((model) => isObject(model) && isObject(model["pricing"]))
  );
}

/** How many models the list has, with or without prices. */
export function countOpenrouter(json: ExactJson): number {
  return isObject(json) ? listOf(json["data"]).length : 0;
}

/** @returns Undefined if the data has another format. */
export function readOpenrouter(json: ExactJson, options: ReadOptions): PublishedList | undefined {
  if (!isOpenrouter(json)) return undefined;
  const models = listOf(json["data"]);
  const version = options.version ?? digestOf(json);
  const skipped: SkippedModel[] = [];
  const rows = models.flatMap((model, index): readonly CatalogueRow[] => {
    if (!isObject(model)) return [];
    const id = textOf(model["id"]) ?? "";
    const row = convert(id, model);
    if (typeof row !== "string") return [{ ...row, version }];
    skipped.push({ provider: "openrouter", model: id, path: pathOf("data", index), why: row });
    return [];
  });
  return { source: openrouterSource, version, rows, skipped };
}

/** @returns A row, or why the model has none. */
function convert(id: string, model: ExactObject): CatalogueRow | string {
  const rates = isObject(model["pricing"]) ? ratesOf(model["pricing"]) : "has no price";
  if (typeof rates === "string") return rates;
  const slug = textOf(model["canonical_slug"]);
  const top = isObject(model["top_provider"]) ? model["top_provider"] : {};
  const contextWindow = countOf(model["context_length"]);
  const maxOutputTokens = countOf(top["max_completion_tokens"]);
  return {
    provider: "openrouter",
    model: id,
    ids: equalsAny(id, ...(slug === undefined || slug === id ? [] : [slug])),
    rates,
    cacheWrites: cacheWritesOf(id, rates),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    source: openrouterSource,
    version: "",
  };
}

function ratesOf(pricing: ExactObject): Rates | string {
  const rates: { [meter in Meter]?: PicoUsd } = {};
  for (const [name, value] of Object.entries(pricing)) {
    if (name === "discount" || value === null) continue;
    if (textOf(value) === "-1") return "costs what the model costs that it routes to";
    const rate = perUnit(value);
    const meter = meterOf[name];
    if (rate === undefined)
      return typeof value === "string" ? notPrice(name) : `has a price of another kind, ${name}`;
    if (name === "internal_reasoning") {
      if (rate > 0n && rate !== perUnit(pricing["completion"]))
        return "charges output reasoning tokens apart";
    } else if (meter !== undefined) {
      if (rate > 0n || name === "prompt" || name === "completion") rates[meter] = rate;
    } else if (rate > 0n) return `has a price in an unknown unit, ${name}`;
  }
  if (rates.input === undefined || rates.output === undefined) return "has no price";
  return pricesInput({ rates }) ? rates : freeInput;
}
