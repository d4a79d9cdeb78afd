/** Reads a published price list, in any of the known formats. */

import { PurserError } from "../../domain/error.ts";
import { isObject, parseExact, type ExactJson } from "./exact-json.ts";
import { missingInGenaiPrices, readGenaiPrices } from "./genai-prices.ts";
import { readLitellm } from "./litellm.ts";
import { readModelsDev } from "./models-dev.ts";
import { readOpenrouter } from "./openrouter.ts";
import type { PublishedList, ReadOptions } from "./published-list.ts";

export type { EndOfModel, PublishedList, ReadOptions, SkippedModel } from "./published-list.ts";

const readers = [readGenaiPrices, readLitellm, readOpenrouter, readModelsDev] as const;

/**
 * Detects the format of a list and reads it: genai-prices' `data.json` or `data_slim.json`,
 * LiteLLM's `model_prices_and_context_window.json`, models.dev's `api.json`, or OpenRouter's
 * `GET /api/v1/models`.
 *
 * @throws PurserError `invalid_request` if the text has none of these formats, or too many models.
 */
export function readPublished(text: string, options: ReadOptions): PublishedList {
  const json = parseExact(text);
  for (const read of readers) {
    const list = read(json, options);
    if (!list) continue;
    const models = list.rows.length + list.skipped.length;
    if (models > mostModels) throw tooLong(models);
    return list;
  }
  const why = missingIn(json);
  throw new PurserError(
    "invalid_request",
    `the price list has no known format${why === undefined ? "" : `: ${why}`}`,
    { remedy: formats },
  );
}

/** Each format with the fields that it is known by. */
const formats = [
  "Give a list in one of these formats: genai-prices (data.json: a list of providers, each with api_pattern and models)",
  "LiteLLM (model_prices_and_context_window.json: entries with litellm_provider)",
  "models.dev (api.json: providers by id, each with models by id)",
  "or OpenRouter (/api/v1/models: data, a list of models with pricing).",
].join(", ");

function missingIn(json: ExactJson): string | undefined {
  if (Array.isArray(json) && json.length === 0) return "it is an empty list";
  if (isObject(json) && Object.keys(json).length === 0) return "it is an empty object";
  return missingInGenaiPrices(json);
}

/**
 * Four times the largest list of 2026-11. A comparison with so many takes two seconds, in parts of
 * at most a tenth between calls.
 */
const mostModels = 20_000;

function tooLong(models: number): PurserError {
  return new PurserError("invalid_request", `the price list has ${models} models`, {
    remedy: `Give a list with at most ${mostModels}: take out providers that you do not use.`,
  });
}
