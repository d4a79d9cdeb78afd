/** Premiums for processing a call in a fixed region, as factors of the global rates. */

import type { CatalogueRow, Factor } from "../../domain/price/row/row.ts";
import { anyRegion } from "../../domain/price/row/terms.ts";

type Regions = Exclude<NonNullable<CatalogueRow["regions"]>, "included">;

const same: Factor = { numerator: 1n, denominator: 1n };
/** Applies to all token prices, including caches. */
const tenth: Factor = { numerator: 11n, denominator: 10n };

/**
 * https://developers.openai.com/api/docs/guides/data-residency, read 2026-11: hosts
 * `us.api.openai.com` and so on.
 */
const openaiRegions = ["us", "eu", "au", "in", "jp", "ae"];

/** The same page: 10 % more for models released on or after 2026-03-05; gpt-5.4 was the first. */
const upliftedByOpenai = /^gpt-(?:5\.[4-9]|[6-9]|\d\d|realtime-2\.\d)/;

/**
 * Claude 4.6 and later, by number: `claude-opus-4-6`, `claude-sonnet-5`, not
 * `claude-opus-4-20250514`.
 */
const claudeSince46 = /claude-[a-z]+-(?:4[-.](?:[6-9]|\d\d)(?!\d)|(?:[5-9]|\d\d)(?!\d))/;
const claudeSince45 = /claude-[a-z]+-(?:4[-.](?:[5-9]|\d\d)(?!\d)|(?:[5-9]|\d\d)(?!\d))/;

/** Undefined if no source prices regions: a call that must be served in one is then flagged. */
export function regionsOf(provider: string, model: string): Regions | undefined {
  if (provider === "openai") return openaiRows(model);
  // https://platform.claude.com/docs/en/manage-claude/data-residency and .../about-claude/pricing,
  // read 2026-11: `inference_geo: us` is 1.1 times all token prices for Claude 4.6 and later; older
  // models do not accept it.
  if (provider === "anthropic") return claudeSince46.test(model) ? { us: tenth } : undefined;
  // https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai, read 2026-11:
  // regional and multi-region endpoints cost 10 % more from Claude 4.5 on, older models cost the
  // same everywhere.
  if (provider === "google" && model.includes("claude"))
    return { [anyRegion]: claudeSince45.test(model) ? tenth : same };
  // https://docs.x.ai/developers/advanced-api-usage/regions, read 2026-11: tokens cost 10 % more on
  // the US endpoint.
  if (provider === "x-ai") return { us: tenth };
  return undefined;
}

function openaiRows(model: string): Regions {
  const factor = upliftedByOpenai.test(model) ? tenth : same;
  return Object.fromEntries(openaiRegions.map((region) => [region, factor]));
}
