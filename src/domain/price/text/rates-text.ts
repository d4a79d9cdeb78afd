/** Rates as text: USD per million tokens, and USD per unit of anything else. */

import { type Fields, invalid, isObject, show } from "../../input/fields.ts";
import { formatUsd, type PicoUsd } from "../../money/money.ts";
import { isOpenMeter, mostOpenMeters, readStoredMeter } from "../../usage/open-meter.ts";
import { fixedMeters, tokenMeters, type FixedMeter, type Meter } from "../../usage/usage.ts";
import { formatPerMillion, parsePerCall, parsePerMillion, parsePerUnit } from "./per-million.ts";
import { countsTokens, type PricedMeter } from "../row/rate.ts";
import type { Rates } from "../row/row.ts";

/** Exact decimals: token meters in USD per million tokens, fees in USD per call. */
export type FixedRatesText = Readonly<Partial<Record<RateField, string>>>;

/** `reasoning` is the part of output that was reasoning; absent: it costs what output does. */
export type RateField = FixedMeter | "reasoning";

export interface RatesText extends FixedRatesText {
  /** Open meters, in USD per unit. */
  readonly meters?: Readonly<Record<string, string>>;
}

/** In the order in which they are written. */
export const meterFields: readonly RateField[] = fixedMeters.flatMap((meter) =>
  meter === "output" ? [meter, "reasoning"] : [meter],
);

export const rateFields: readonly string[] = [...meterFields, "meters"];

/** Names of rates and thresholds in other price lists, with those of Purser. */
export const namesElsewhere: ReadonlyMap<string, string> = new Map(
  Object.entries({
    input: "price_per_token input_price input_cost prompt prompt_price input_cost_per_token",
    output: "output_price output_cost completion completion_price output_cost_per_token",
    cache_read: "cached cached_input cached_tokens cache_hit input_cached cache_read_input",
    cache_write_5m: "cache_write cache_creation cache_creation_input cache_write_input",
    above: "over larger_than more_than threshold",
    from: "at_least min_tokens",
    context_tiers: "tiers",
    context_window: "max_input_tokens context_length",
    max_output_tokens: "max_tokens max_completion_tokens",
    valid_from: "since starts_at",
    valid_to: "until valid_until ends_at expires_at",
  }).flatMap(([known, others]) => others.split(" ").map((other) => [other, known] as const)),
);

/** @throws PurserError `invalid_request` naming the field and the remedy. */
export function readRates(fields: Fields): Rates {
  const rates: { [meter in PricedMeter]?: PicoUsd } = {};
  for (const meter of meterFields) {
    const value = fields.values.get(meter);
    if (value !== undefined) rates[meter] = readRate(meter, value, fields.prefix + meter);
  }
  const path = `${fields.prefix}meters`;
  for (const [name, value] of unitPrices(fields.values.get("meters"), path)) {
    const field = `${path}.${name}`;
    const meter = readUnit(name, field);
    if (rates[meter] !== undefined) throw invalid(field, "is priced twice", `Give ${name} once.`);
    rates[meter] = parsePerUnit(readDecimal(value, field), field);
  }
  return rates;
}

export function formatRates(rates: Rates): RatesText {
  const open = Object.entries(rates).flatMap(([meter, rate]) =>
    isOpenMeter(meter) && rate !== undefined ? [[meter, formatUsd(rate)] as const] : [],
  );
  return {
    ...formatFixed(rates, meterFields),
    ...(open.length > 0 && { meters: Object.fromEntries(open) }),
  };
}

/** Only the given meters. */
export function formatFixed(rates: Rates, meters: readonly RateField[]): FixedRatesText {
  const texts: { [meter in RateField]?: string } = {};
  for (const meter of meters) {
    const rate = rates[meter];
    if (rate !== undefined)
      texts[meter] = countsTokens(meter) ? formatPerMillion(rate) : formatUsd(rate);
  }
  return texts;
}

function readRate(meter: RateField, value: unknown, field: string): PicoUsd {
  const text = readDecimal(value, field);
  return countsTokens(meter) ? parsePerMillion(text, field) : parsePerCall(text, field);
}

function unitPrices(input: unknown, field: string): readonly (readonly [string, unknown])[] {
  if (input === undefined) return [];
  if (!isObject(input)) throw invalid(field, "is not an object", 'Write { "tool:ocr": "0.002" }.');
  const prices = Object.entries(input);
  if (prices.length > mostOpenMeters)
    throw invalid(field, `has more than ${mostOpenMeters} names`, "Leave some out.");
  return prices;
}

/** @throws PurserError `invalid_request` for a token meter, or a name that is not a meter. */
export function readUnit(name: string, field: string): Meter {
  const meter = readStoredMeter(name, field);
  if (!tokenMeters.has(meter)) return meter;
  throw invalid(
    field,
    "counts tokens",
    `Move ${name} out of meters, and give it in USD per million tokens.`,
  );
}

export function readDecimal(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw invalid(
    field,
    `is ${show(value)}, which is not a decimal string`,
    `Write it as text, in quotes: "${exampleOf(value)}".${Number.isInteger(value) ? "" : " A float is not exact."}`,
  );
}

function exampleOf(value: unknown): string {
  const text = typeof value === "number" ? String(value) : "";
  return /^\d+(\.\d+)?$/.test(text) ? text : "0.15";
}
