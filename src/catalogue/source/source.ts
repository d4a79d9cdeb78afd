/** Reads a published price list, in any of the known formats. */

import { PurserError } from "../../domain/error.ts";
import { isObject, parseExact, parseShape, type ExactJson } from "./exact-json.ts";
import {
  countGenaiPrices,
  isGenaiPrices,
  missingInGenaiPrices,
  readGenaiPrices,
} from "./genai-prices.ts";
import { countLitellm, isLitellm, readLitellm } from "./litellm.ts";
import { countModelsDev, isModelsDev, readModelsDev } from "./models-dev.ts";
import { countOpenrouter, isOpenrouter, readOpenrouter } from "./openrouter.ts";
import type { PublishedList, ReadOptions } from "./published-list.ts";

export type { EndOfModel, PublishedList, ReadOptions, SkippedModel } from "./published-list.ts";

const formats = [
  { isFormat: isGenaiPrices, count: countGenaiPrices, read: readGenaiPrices },
  { isFormat: isLitellm, count: countLitellm, read: readLitellm },
  { isFormat: isOpenrouter, count: countOpenrouter, read: readOpenrouter },
  { isFormat: isModelsDev, count: countModelsDev, read: readModelsDev },
] as const;

/**
 * Detects the format of a list and reads it: genai-prices' `data.json` or `data_slim.json`,
 * LiteLLM's `model_prices_and_context_window.json`, models.dev's `api.json`, or OpenRouter's
 * `GET /api/v1/models`.
 *
 * @throws PurserError `invalid_request` if the text has none of these formats, or too many models.
 */
export function readPublished(text: string, options: ReadOptions): PublishedList {
  const shape = parseShape(text);
  for (const { isFormat, count, read } of formats) {
    if (!isFormat(shape)) continue;
    // Before the slow part: numbers are read exactly in ten times the time.
    refuseTooMany(count(shape));
    const list = read(parseExact(text), options);
    if (!list) continue;
    // A model may have several rows.
    refuseTooMany(list.rows.length + list.skipped.length);
    return list;
  }
  const why = missingIn(shape);
  throw new PurserError(
    "invalid_request",
    `the price list has no known format${why === undefined ? "" : `: ${why}`}`,
    { remedy: giveFormat },
  );
}

/** Each format with the fields that it is known by. */
const giveFormat = [
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
 * Four times the largest list of 2026-11. Comparing 20,000 models takes two seconds, in parts of at most
 * a tenth of a second.
 */
const mostModels = 20_000;

function refuseTooMany(models: number): void {
  if (models <= mostModels) return;
  throw new PurserError("invalid_request", `the price list has ${models} models`, {
    remedy: `Give a list with at most ${mostModels}: take out providers that you do not use.`,
  });
}
