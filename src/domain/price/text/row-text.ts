/** The text form of a price: one language for configuration, API, export and ledger. */

import {
  type Fields,
  invalid,
  isObject,
  openFields,
  optionalTexts,
  optionalWhole,
  optionalWord,
  show,
} from "../../input/fields.ts";
import { isOneLine } from "../../input/one-line.ts";
import { parseInstant } from "../../input/scalar.ts";
import type { Meter } from "../../usage/usage.ts";
import { formatHours, readHours, type HoursText } from "./hours-text.ts";
import { namedIds, type IdRule } from "../id/id-rule.ts";
import { maxIdLength } from "../id/model-id.ts";
import {
  formatRates,
  namesElsewhere,
  rateFields,
  readRates,
  readUnit,
  type RatesText,
} from "./rates-text.ts";
import type { ServiceTier } from "../row/rate.ts";
import { resolveRow } from "../row/resolve-row.ts";
import type { CatalogueRow, ContextTier, FreeAllowance, Rates, TermPrice } from "../row/row.ts";
import { formatTerm, readTerm, type TermText } from "./term-text.ts";
import { formatTiers, readTiers, type ContextTierText } from "./tier-text.ts";

/** Service tiers with a price of their own. */
export const pricedTiers = ["batch", "flex", "priority", "fast"] as const satisfies ServiceTier[];

export type PricedTier = (typeof pricedTiers)[number];

/**
 * A price in JSON. Money is in exact decimals: USD per million tokens, and USD per unit of anything
 * else.
 */
export interface PriceText extends RatesText {
  readonly provider: string;
  /** An exact id, or a prefix followed by `*`. */
  readonly model: string;
  /** Other ids of the model, each exact. */
  readonly aliases?: readonly string[];
  readonly context_tiers?: readonly ContextTierText[];
  readonly service_tiers?: Readonly<Partial<Record<PricedTier, TermText>>>;
  /** By region, `*` for any other; `included` (the default) if the rates apply to every region. */
  readonly regions?: Readonly<Record<string, TermText>> | "included";
  readonly hours?: readonly HoursText[];
  /** For information: units that the provider does not charge. */
  readonly free?: Readonly<Record<string, FreeAllowance>>;
  /** By default `always` if there is a price for five-minute writes, else `asked`. */
  readonly cache_writes?: CatalogueRow["cacheWrites"];
  readonly context_window?: number;
  readonly max_output_tokens?: number;
  /** RFC 3339. Included. */
  readonly valid_from?: string;
  /** RFC 3339. Excluded. */
  readonly valid_to?: string;
}

export interface ParseRowOptions {
  /** Path of the input for errors: `prices[2]`, or empty at the top level. */
  readonly field: string;
  /** Recorded with every charge. */
  readonly source: string;
  /** Default: the start of validity, or `1`. */
  readonly version?: string;
}

/**
 * Supplements become rates of the row itself, so the text gives the same bill on its own. Ids that
 * match by a pattern are left out: the text names ids.
 */
export function formatRow(row: CatalogueRow): PriceText {
  const resolved = resolveRow(row);
  const { contextTiers = [], schedules = [], serviceTiers = {}, regions, free } = resolved;
  const aliases = namedIds(row.ids).filter((id) => id !== row.model);
  const terms = (prices: Readonly<Record<string, TermPrice>>): Readonly<Record<string, TermText>> =>
    Object.fromEntries(
      Object.entries(prices).map(([name, price]) => [name, formatTerm(price, contextTiers)]),
    );
  return {
    provider: row.provider,
    model: row.model,
    ...(aliases.length > 0 && { aliases }),
    ...formatRates(resolved.rates),
    ...(contextTiers.length > 0 && { context_tiers: formatTiers(contextTiers) }),
    ...(Object.keys(serviceTiers).length > 0 && { service_tiers: terms(serviceTiers) }),
    // Absent means any region in the text, but no known region in a row.
    ...(regions !== "included" && { regions: terms(regions ?? {}) }),
    ...(schedules.length > 0 && { hours: formatHours(schedules) }),
    ...(free && { free: free as Readonly<Record<string, FreeAllowance>> }),
    ...(row.cacheWrites !== usualCacheWrites(resolved.rates) && { cache_writes: row.cacheWrites }),
    ...(row.contextWindow !== undefined && { context_window: row.contextWindow }),
    ...(row.maxOutputTokens !== undefined && { max_output_tokens: row.maxOutputTokens }),
    ...(row.validFrom !== undefined && { valid_from: new Date(row.validFrom).toISOString() }),
    ...(row.validTo !== undefined && { valid_to: new Date(row.validTo).toISOString() }),
  };
}

/**
 * Parses a {@link PriceText}. Times are dates or RFC 3339; a date is its midnight in UTC.
 *
 * @throws PurserError `invalid_request` naming the field (`prices[2].context_tiers[0].above`) and
 *   the remedy.
 */
export function parseRow(input: unknown, options: ParseRowOptions): CatalogueRow {
  const prefix = options.field ? `${options.field}.` : "";
  const fields = openFields(input, { prefix, known, meant: namesElsewhere });
  const model = readModel(fields.values.get("model"), `${prefix}model`);
  const aliases = readAliases(fields);
  const validity = readValidity(fields);
  const provider = readName(fields.values.get("provider"), `${prefix}provider`);
  const rates = requireBoth(readRates(fields), prefix);
  const contextTiers = readTiers(fields);
  const schedules = readHours(fields);
  const limits = { least: 1, most: 1_000_000_000 };
  const contextWindow = optionalWhole(fields, "context_window", limits);
  const maxOutputTokens = optionalWhole(fields, "max_output_tokens", limits);
  const cacheWrites = optionalWord(fields, "cache_writes", ["asked", "always"] as const);
  const { validFrom } = validity;
  return {
    provider,
    model,
    ids: ruleOf(model, aliases),
    ...validity,
    rates,
    ...(contextTiers.length > 0 && { contextTiers }),
    ...(schedules.length > 0 && { schedules }),
    ...readServiceTiers(fields, contextTiers),
    ...readRegions(fields, contextTiers),
    ...readFree(fields),
    cacheWrites: cacheWrites ?? usualCacheWrites(rates),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    source: options.source,
    version: options.version ?? (validFrom === undefined ? "1" : new Date(validFrom).toISOString()),
  };
}

const known = [
  "provider",
  "model",
  "aliases",
  ...rateFields,
  "context_tiers",
  "service_tiers",
  "regions",
  "hours",
  "free",
  "cache_writes",
  "context_window",
  "max_output_tokens",
  "valid_from",
  "valid_to",
] as const;

/**
 * A provider with a price for writes may write unasked, as OpenAI does. Without one, writes are
 * free.
 */
export function usualCacheWrites(rates: Rates): CatalogueRow["cacheWrites"] {
  return rates.cache_write_5m === undefined ? "asked" : "always";
}

function requireBoth(rates: Rates, prefix: string): Rates {
  for (const required of ["input", "output"] as const) {
    if (rates[required] === undefined)
      throw invalid(
        prefix + required,
        "is missing",
        'Give USD per million tokens, such as "0.15"; "0" if it costs nothing.',
      );
  }
  return rates;
}

function readServiceTiers(
  fields: Fields,
  tiers: readonly ContextTier[],
): Pick<CatalogueRow, "serviceTiers"> {
  const prefix = `${fields.prefix}service_tiers.`;
  const input = fields.values.get("service_tiers");
  if (input === undefined) return {};
  const stated = openFields(input, { prefix, known: pricedTiers });
  const terms = readTerms(stated.values, { prefix, tiers });
  return Object.keys(terms).length > 0 ? { serviceTiers: terms } : {};
}

function readRegions(fields: Fields, tiers: readonly ContextTier[]): Pick<CatalogueRow, "regions"> {
  const field = `${fields.prefix}regions`;
  const input = fields.values.get("regions") ?? "included";
  if (input === "included") return { regions: "included" };
  if (!isObject(input))
    throw invalid(
      field,
      `is ${show(input)}`,
      'Give prices by region, { us: { factor: "1.1" } }, or "included" for any region.',
    );
  const regions = Object.entries(input);
  for (const [name] of regions) {
    if (!/^[^\s]{1,64}$/.test(name))
      throw invalid(
        `${field}.${name.slice(0, 60)}`,
        "is not the name of a region",
        'Use the name that the provider has for it, such as us, or "*" for any other region.',
      );
  }
  if (regions.length > mostRegions)
    throw invalid(field, `has more than ${mostRegions} names`, 'Use "*" for any other region.');
  const terms = readTerms(new Map(regions), { prefix: `${field}.`, tiers });
  return regions.length > 0 ? { regions: terms } : {};
}

function readTerms(
  inputs: ReadonlyMap<string, unknown>,
  { prefix, tiers }: { readonly prefix: string; readonly tiers: readonly ContextTier[] },
): Readonly<Record<string, TermPrice>> {
  return Object.fromEntries(
    [...inputs].map(([name, input]) => [
      name,
      readTerm(input, { prefix: `${prefix}${name}.`, tiers }),
    ]),
  );
}

function readFree(fields: Fields): Pick<CatalogueRow, "free"> {
  const prefix = `${fields.prefix}free.`;
  const input = fields.values.get("free");
  if (input === undefined) return {};
  if (!isObject(input))
    throw invalid(
      `${fields.prefix}free`,
      `is ${show(input)}`,
      'Write { web_search: { units: 1500, per: "day" } }.',
    );
  const free: { [meter in Meter]?: FreeAllowance } = {};
  for (const [name, value] of Object.entries(input)) {
    const meter = readUnit(name, prefix + name);
    const allowance = openFields(value, { prefix: `${prefix}${name}.`, known: ["units", "per"] });
    const units = optionalWhole(allowance, "units", { least: 1, most: 1_000_000_000 });
    if (units === undefined)
      throw invalid(`${allowance.prefix}units`, "is missing", "Give the number of free units.");
    const per = optionalWord(allowance, "per", ["day", "month"] as const);
    if (per === undefined)
      throw invalid(`${allowance.prefix}per`, "is missing", "Give day or month.");
    free[meter] = { units, per };
  }
  return { free };
}

function readValidity(fields: Fields): Pick<CatalogueRow, "validFrom" | "validTo"> {
  const validFrom = readTime(fields, "valid_from");
  const validTo = readTime(fields, "valid_to");
  if (validFrom !== undefined && validTo !== undefined && validTo <= validFrom)
    throw invalid(
      `${fields.prefix}valid_to`,
      "is not after valid_from",
      "Give a later time, or leave it out.",
    );
  return {
    ...(validFrom !== undefined && { validFrom }),
    ...(validTo !== undefined && { validTo }),
  };
}

function readTime(fields: Fields, name: "valid_from" | "valid_to"): number | undefined {
  const value = fields.values.get(name);
  if (value === undefined) return undefined;
  const text =
    value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  return parseInstant(text, fields.prefix + name);
}

function readModel(value: unknown, field: string): string {
  const model = readName(value, field);
  if (model.slice(0, -1).includes("*"))
    throw invalid(
      field,
      `is ${show(model)}, which has a * before its end`,
      "Write * only at the end, for a prefix.",
    );
  return model;
}

function readAliases(fields: Fields): readonly string[] {
  const names = optionalTexts(fields, "aliases", 'Give a list of ids: ["my-model-latest"].') ?? [];
  return names.map((name, index) => {
    const field = `${fields.prefix}aliases[${index}]`;
    const alias = readName(name, field);
    if (alias.includes("*"))
      throw invalid(
        field,
        `is ${show(alias)}, a prefix`,
        "State the prefix as a price of its own.",
      );
    return alias;
  });
}

function readName(value: unknown, field: string): string {
  if (typeof value === "string" && value.trim() !== "" && value.length <= maxIdLength)
    return value.trim();
  throw invalid(field, "is not a valid name", `Give a text of 1 to ${maxIdLength} characters.`);
}

/**
 * Refuses ids that no query, header or terminal can carry. Only for new prices: the ledger may have
 * such ids from earlier versions.
 *
 * @throws PurserError `invalid_request` naming the field.
 */
export function refuseControls({ provider, model, aliases = [] }: PriceText, field: string): void {
  const prefix = field ? `${field}.` : "";
  const named = [
    ["provider", provider],
    ["model", model],
    ...aliases.map((alias, index) => [`aliases[${index}]`, alias] as const),
  ] as const;
  for (const [name, text] of named)
    if (!isOneLine(text) || /\p{Cf}|^\s|\s$/u.test(text))
      throw invalid(
        prefix + name,
        "has a control character, an invisible one, a line break, half a character, or a space at an end",
        "Give the id as its provider writes it.",
      );
}

function ruleOf(model: string, aliases: readonly string[]): IdRule {
  const own = model.endsWith("*") ? { startsWith: model.slice(0, -1) } : { equals: model };
  return aliases.length === 0
    ? own
    : { any: [own, ...aliases.map((alias) => ({ equals: alias }))] };
}

const mostRegions = 200;
