/**
 * Converts the price list of `@pydantic/genai-prices` to catalogue rows. Only its data and model
 * ids are used.
 */

import { parseUsd, pico, type PicoUsd } from "../domain/money/money.ts";
import type { IdRule } from "../domain/price/id-rule.ts";
import type { CatalogueRow, ContextTier, Rates, Schedule } from "../domain/price/row.ts";
import type { Meter } from "../domain/usage/usage.ts";
import type {
  ConditionalPrice,
  MatchLogic,
  ModelInfo,
  ModelPrice,
  Provider,
} from "@pydantic/genai-prices";

/** The release pinned in package.json; a test compares them. */
export const genaiPricesVersion = "0.1.8";
export const genaiPricesSource = "genai-prices";

/**
 * Our meter for each of its prices, and the number of units per price.
 *
 * Left out, since no meter counts them: hours of audio, pages, video, and reasoning or citations
 * priced separately from output.
 */
const meterOf: Readonly<Record<string, { readonly meter: Meter; readonly per: bigint }>> = {
  input_mtok: { meter: "input", per: 1_000_000n },
  output_mtok: { meter: "output", per: 1_000_000n },
  cache_read_mtok: { meter: "cache_read", per: 1_000_000n },
  cache_write_mtok: { meter: "cache_write_5m", per: 1_000_000n },
  cache_write_1h_mtok: { meter: "cache_write_1h", per: 1_000_000n },
  input_audio_mtok: { meter: "input_audio", per: 1_000_000n },
  cache_audio_read_mtok: { meter: "cache_read_audio", per: 1_000_000n },
  output_audio_mtok: { meter: "output_audio", per: 1_000_000n },
  input_image_mtok: { meter: "input_image", per: 1_000_000n },
  output_image_mtok: { meter: "output_image", per: 1_000_000n },
  web_searches_kcount: { meter: "web_search", per: 1_000n },
  storage_searches_kcount: { meter: "file_search", per: 1_000n },
  requests_kcount: { meter: "request", per: 1_000n },
};

const everyDay = [1, 2, 3, 4, 5, 6, 7];

/** All providers of the package. Imported on first use, since loading takes about 25 ms. */
export async function loadGenaiPrices(): Promise<readonly Provider[]> {
  const { waitForUpdate } = await import("@pydantic/genai-prices");
  return (await waitForUpdate()) ?? [];
}

/** @returns Rows of the models that we can price: one per model and period with a price. */
export function convertProvider(provider: Provider): readonly CatalogueRow[] {
  return provider.models.flatMap((model) => convertModel(provider, model));
}

function convertModel(provider: Provider, model: ModelInfo): readonly CatalogueRow[] {
  const periods = periodsOf(model.prices);
  return periods.flatMap((period, index) => {
    const { rates, contextTiers } = convertPrices(period.prices, provider.id);
    // A model sold by the hour or page has no price in our meters: it is unpriced, not free.
    if (rates.input === undefined) return [];
    const validTo = periods[index + 1]?.from;
    const row: CatalogueRow = {
      provider: provider.id,
      model: model.id,
      ids: convertMatch(model.match),
      ...(period.from !== undefined && { validFrom: period.from }),
      ...(validTo !== undefined && { validTo }),
      rates,
      ...(contextTiers.length > 0 && { contextTiers }),
      ...(period.schedules.length > 0 && { schedules: period.schedules }),
      cacheWrites: model.id.includes("claude") ? "asked" : "always",
      ...(model.context_window !== undefined && { contextWindow: model.context_window }),
      source: genaiPricesSource,
      version: genaiPricesVersion,
    };
    return [row];
  });
}

interface Period {
  readonly from: number | undefined;
  readonly prices: ModelPrice;
  readonly schedules: Schedule[];
}

/**
 * Time-of-day prices follow the dated price they belong to. There the last match wins, in our rows
 * the first: reverse them.
 */
function periodsOf(prices: ModelInfo["prices"]): readonly Period[] {
  const listed: readonly ConditionalPrice[] = Array.isArray(prices) ? prices : [{ prices }];
  const periods: Period[] = [];
  for (const { constraint, prices: price } of listed) {
    const latest = periods.at(-1);
    if (constraint && "start_time" in constraint)
      latest?.schedules.unshift(...convertHours(constraint, price));
    else
      periods.push({
        from: constraint && Date.parse(`${constraint.start_date}T00:00:00Z`),
        prices: price,
        schedules: [],
      });
  }
  return periods;
}

function convertHours(
  hours: { readonly start_time: string; readonly end_time: string },
  price: ModelPrice,
): readonly Schedule[] {
  const { rates } = convertPrices(price, "");
  const fromMinute = minuteOf(hours.start_time);
  const toMinute = minuteOf(hours.end_time);
  if (fromMinute < toMinute) return [{ weekdays: everyDay, fromMinute, toMinute, rates }];
  return [
    { weekdays: everyDay, fromMinute, toMinute: 1440, rates },
    { weekdays: everyDay, fromMinute: 0, toMinute, rates },
  ];
}

/** `"00:30:00Z"` as 30. */
function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

function convertPrices(
  prices: ModelPrice,
  provider: string,
): { readonly rates: Rates; readonly contextTiers: readonly ContextTier[] } {
  const rates: { [meter in Meter]?: PicoUsd } = {};
  const tiers = new Map<number, { [meter in Meter]?: PicoUsd }>();
  for (const [key, price] of Object.entries(prices)) {
    const unit = meterOf[key];
    if (!unit || price === undefined) continue;
    rates[unit.meter] = toPico(typeof price === "number" ? price : price.base, unit.per);
    for (const { start, price: tierPrice } of typeof price === "number" ? [] : price.tiers) {
      const tier = tiers.get(start) ?? {};
      tier[unit.meter] = toPico(tierPrice, unit.per);
      tiers.set(start, tier);
    }
  }
  const contextTiers = [...tiers]
    .sort(([left], [right]) => left - right)
    .map(([start, tier]) => ({ ...threshold(start, provider), rates: tier }));
  return { rates, contextTiers };
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
 * Its prices are floats such as 0.18000000000000002; 12 significant digits give the intended price.
 */
function toPico(price: number, per: bigint): PicoUsd {
  const [mantissa = "0", exponent = "0"] = price.toExponential(11).split("e");
  const digits = BigInt(mantissa.replace(".", ""));
  const shift = Number(exponent) - 11;
  const text = shift >= 0 ? `${digits * 10n ** BigInt(shift)}` : decimal(digits, -shift);
  const whole = parseUsd(
    text.slice(0, text.indexOf(".") < 0 ? undefined : text.indexOf(".") + 13),
    "price",
  );
  // Six OpenRouter prices (0.0833...) are not whole pico-USD per token: round up, never understate.
  return pico((whole + per - 1n) / per);
}

function decimal(digits: bigint, decimals: number): string {
  const text = digits.toString().padStart(decimals + 1, "0");
  return `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
}

function convertMatch(logic: MatchLogic): IdRule {
  if ("or" in logic) return { any: logic.or.map(convertMatch) };
  if ("and" in logic) return { all: logic.and.map(convertMatch) };
  if ("equals" in logic) return { equals: logic.equals };
  if ("starts_with" in logic) return { startsWith: logic.starts_with };
  if ("ends_with" in logic) return { endsWith: logic.ends_with };
  if ("contains" in logic) return { contains: logic.contains };
  return { regex: new RegExp(logic.regex) };
}
