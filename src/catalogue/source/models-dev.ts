/** Reads the price list of models.dev (github.com/anomalyco/models.dev, MIT), its `api.json`. */

import { zero, type PicoUsd } from "../../domain/money/money.ts";
import { equalsAny } from "../../domain/price/id/id-rule.ts";
import { listedName } from "../../domain/price/id/provider-name.ts";
import type { CatalogueRow, ContextTier, Rates } from "../../domain/price/row/row.ts";
import type { FixedMeter } from "../../domain/usage/usage.ts";
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

const modelsDevSource = "models.dev";

/** Names that only this list has. */
const renamed: Readonly<Record<string, string>> = {
  "azure-cognitive-services": "azure",
  alibaba: "dashscope",
};

const meterOf: Readonly<Record<string, FixedMeter>> = {
  input: "input",
  output: "output",
  cache_read: "cache_read",
  cache_write: "cache_write_5m",
  input_audio: "input_audio",
  output_audio: "output_audio",
};

export function isModelsDev(json: ExactJson): boolean {
  return providersIn(json).length > 0;
}

/** How many models the list has, with or without prices. */
export function countModelsDev(json: ExactJson): number {
  return providersIn(json).reduce((sum, [, models]) => sum + Object.keys(models).length, 0);
}

function providersIn(json: ExactJson): readonly (readonly [string, ExactObject])[] {
  return Object.entries(isObject(json) ? json : {}).flatMap(([id, provider]) =>
    isObject(provider) && isObject(provider["models"]) ? [[id, provider["models"]] as const] : [],
  );
}

/** @returns Undefined if the data has another format. */
export function readModelsDev(json: ExactJson, options: ReadOptions): PublishedList | undefined {
  const providers = providersIn(json);
  if (providers.length === 0) return undefined;
  const skipped: SkippedModel[] = [];
  const version = options.version ?? digestOf(json);
  const rows = new Map<string, CatalogueRow>();
  for (const [id, models] of providers) {
    const provider = renamed[id] ?? listedName(id);
    for (const [model, fields] of Object.entries(models)) {
      const read = isObject(fields) ? convert(provider, model, fields) : "is not an object";
      if (typeof read === "string")
        skipped.push({ provider, model, path: pathOf(id, "models", model), why: read });
      else if (!rows.has(`${provider} ${model}`))
        rows.set(`${provider} ${model}`, { ...read, version });
    }
  }
  return { source: modelsDevSource, version, rows: [...rows.values()], skipped };
}

/** @returns A row, or why the model has none. */
function convert(provider: string, model: string, fields: ExactObject): CatalogueRow | string {
  const cost = fields["cost"];
  if (!isObject(cost)) return "has no price";
  const strange = unreadable(cost);
  if (strange !== undefined) return notPrice(strange);
  const rates = ratesOf(cost);
  if (rates.input === undefined || rates.output === undefined) return "has no price";
  if (rates.input === zero && rates.output === zero)
    return "is listed at zero, which may be an unknown price";
  const reasoning = perUnit(cost["reasoning"], 1_000_000n) ?? zero;
  if (reasoning !== zero && reasoning !== rates.output)
    return "charges output reasoning tokens apart";
  const contextTiers = tiersOf(cost);
  if (contextTiers === undefined) return "has prices by ranges of another kind";
  if (!pricesInput({ rates, contextTiers })) return freeInput;
  const limit = isObject(fields["limit"]) ? fields["limit"] : {};
  const contextWindow = countOf(limit["context"]);
  const maxOutputTokens = countOf(limit["output"]);
  return {
    provider,
    model,
    ids: equalsAny(model),
    rates,
    ...(contextTiers.length > 0 && { contextTiers }),
    cacheWrites: cacheWritesOf(model, rates),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    source: modelsDevSource,
    version: "",
  };
}

/**
 * The first field, also of a context tier, with a price that is negative or not a number. Null
 * counts as absent.
 */
function unreadable(cost: ExactObject): string | undefined {
  const [tiers, over] = [cost["tiers"] ?? [], cost["context_over_200k"] ?? {}];
  if (!Array.isArray(tiers)) return "tiers";
  if (!isObject(over)) return "context_over_200k";
  const all = [cost, ...listOf(tiers), over].filter((one) => isObject(one));
  const isStrange = (value: ExactJson = null): boolean =>
    value !== null && perUnit(value) === undefined;
  return all
    .flatMap((one) => [...Object.keys(meterOf), "reasoning"].filter((name) => isStrange(one[name])))
    .at(0);
}

function ratesOf(cost: ExactObject): Rates {
  const rates: { [meter in FixedMeter]?: PicoUsd } = {};
  for (const [name, meter] of Object.entries(meterOf)) {
    const rate = perUnit(cost[name], 1_000_000n);
    // A cache price of zero means that there is none.
    if (rate !== undefined && (rate > 0n || !meter.startsWith("cache"))) rates[meter] = rate;
  }
  return rates;
}

/** `tiers` by context size, or the older `context_over_200k`. */
function tiersOf(cost: ExactObject): readonly ContextTier[] | undefined {
  const tiers: ContextTier[] = [];
  for (const entry of listOf(cost["tiers"])) {
    const tier = isObject(entry) ? entry["tier"] : undefined;
    const tokens =
      isObject(tier) && textOf(tier["type"]) === "context" ? countOf(tier["size"]) : undefined;
    if (!isObject(entry) || tokens === undefined) return undefined;
    tiers.push({ tokens, inclusive: false, rates: ratesOf(entry) });
  }
  const over = cost["context_over_200k"];
  if (tiers.length === 0 && isObject(over))
    return [{ tokens: 200_000, inclusive: false, rates: ratesOf(over) }];
  return tiers.sort((left, right) => left.tokens - right.tokens);
}
