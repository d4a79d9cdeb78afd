/** Reads a published price list, in any of the known formats. */

import { PurserError } from "../../domain/error.ts";
import { parseExact } from "./exact-json.ts";
import { readGenaiPrices } from "./genai-prices.ts";
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
 * @throws PurserError `invalid_request` if the text has none of these formats, or too many prices.
 */
export function readPublished(text: string, options: ReadOptions = {}): PublishedList {
  const json = parseExact(text);
  for (const read of readers) {
    const list = read(json, options);
    if (!list) continue;
    if (list.rows.length > mostRows) throw tooLong(list.rows.length);
    return list;
  }
  throw new PurserError("invalid_request", "the price list has no known format", {
    field: "from",
    remedy:
      "Give the data of genai-prices (data.json), LiteLLM (model_prices_and_context_window.json), models.dev (api.json) or OpenRouter (/api/v1/models).",
  });
}

/**
 * Four times the largest list of 2026-11. A comparison with so many takes some seconds, in small parts
 * between calls.
 */
const mostRows = 20_000;

function tooLong(rows: number): PurserError {
  return new PurserError("invalid_request", `the price list has ${rows} prices`, {
    field: "from",
    remedy: `Give a list with at most ${mostRows} prices: take out providers that you do not use.`,
  });
}
