/** Price overrides: prices that a user sets over the API or in the configuration. */

import type { PriceOverride } from "../price/rate.ts";
import { PurserError } from "../error.ts";
import { unknownField } from "../input/fields.ts";
import { suggest } from "../input/nearest.ts";
import { parseInstant } from "../input/scalar.ts";
import type { PicoUsd } from "../money/money.ts";
import { isOpenMeter, mostOpenMeters, openMeterProblem } from "../usage/open-meter.ts";
import { fixedMeters, tokenMeters, type Meter } from "../usage/usage.ts";
import { maxIdLength } from "./id-rule.ts";
import {
  formatPerMillion,
  parsePerCall,
  parsePerMillion,
  parsePerMillionCalls,
} from "./per-million.ts";
import type { CatalogueRow } from "./row.ts";

const otherFields: ReadonlySet<string> = new Set([
  "provider",
  "model",
  "meters",
  "valid_from",
  "valid_to",
]);

export interface DefinePriceOptions {
  /** Path of the input for errors: `prices[2]`, or empty at the top level. */
  readonly field: string;
  /** `configuration` or `api`, recorded with every charge. */
  readonly source: string;
}

/**
 * Parses `{provider, model, input, output, cache_read, ..., meters, valid_from, valid_to}`.
 *
 * Token meters are in USD per million tokens; tools and `request` in USD per call, as providers
 * publish them. `meters` has the prices of any other units, in USD per unit, by name; a tool's
 * price may be there, too: `{"web_search": "0.01", "tool:ocr": "0.002", "pages": "0.0015"}`. A
 * model that ends in `*` is a prefix. Times are dates or RFC 3339; a date is its midnight in UTC.
 *
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function definePrice(
  input: unknown,
  options: DefinePriceOptions = { field: "", source: "api" },
): PriceOverride {
  const path = (name: string): string => (options.field ? `${options.field}.${name}` : name);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw refused(
      options.field || "price",
      "a price is an object",
      "Write { provider, model, input, output }.",
    );
  }
  const fields = input as Readonly<Record<string, unknown>>;
  refuseUnknown(fields, path);
  const model = readName(fields["model"], path("model"));
  const isPrefix = model.endsWith("*");
  const name = isPrefix ? model.slice(0, -1) : model;
  if (name.includes("*"))
    throw refused(
      path("model"),
      `"${model}" has a * before its end`,
      "Write * only at the end, for a prefix.",
    );
  const validFrom = readTime(fields["valid_from"], path("valid_from"));
  const validTo = readTime(fields["valid_to"], path("valid_to"));
  if (validFrom !== null && validTo !== null && validTo <= validFrom) {
    throw refused(
      path("valid_to"),
      "valid_to is not after valid_from",
      "Give a later time, or leave it out.",
    );
  }
  return {
    provider: readName(fields["provider"], path("provider")),
    model: name,
    match: isPrefix ? "prefix" : "exact",
    perMillion: readPrices(fields, path),
    validFrom,
    validTo,
    source: options.source,
  };
}

/** Converts an override to a catalogue row for look-ups. */
export function overrideRow(
  override: PriceOverride,
  supplements: CatalogueRow["supplements"],
): CatalogueRow {
  const rates: { [meter in Meter]?: PicoUsd } = {};
  for (const [name, text] of Object.entries(override.perMillion)) {
    const meter = name as Meter;
    if (text !== undefined) rates[meter] = perUnit(meter, text);
  }
  return {
    provider: override.provider,
    model: override.match === "prefix" ? `${override.model}*` : override.model,
    ids: override.match === "prefix" ? { startsWith: override.model } : { equals: override.model },
    ...(override.validFrom !== null && { validFrom: Date.parse(override.validFrom) }),
    ...(override.validTo !== null && { validTo: Date.parse(override.validTo) }),
    rates,
    ...(supplements && { supplements }),
    // An override applies to whichever region the calls go to.
    regions: "included",
    cacheWrites: rates.cache_write_5m === undefined ? "asked" : "always",
    source: override.source,
    version: override.validFrom ?? "1",
  };
}

function perUnit(meter: Meter, text: string): PicoUsd {
  const field = `price of ${meter}`;
  return tokenMeters.has(meter) ? parsePerMillion(text, field) : parsePerMillionCalls(text, field);
}

function readPrices(
  fields: Readonly<Record<string, unknown>>,
  path: (name: string) => string,
): PriceOverride["perMillion"] {
  const prices: { [meter in Meter]?: string } = {};
  for (const meter of fixedMeters) {
    const value = fields[meter];
    if (value === undefined) continue;
    const text = readDecimal(value, path(meter));
    prices[meter] = formatPerMillion(
      tokenMeters.has(meter) ? parsePerMillion(text, path(meter)) : parsePerCall(text, path(meter)),
    );
  }
  for (const [name, value] of unitPrices(fields["meters"], path("meters"))) {
    const field = path(`meters.${name}`);
    const meter = readUnit(name, field);
    if (prices[meter] !== undefined)
      throw refused(field, `${field} is priced twice`, `Give ${name} once.`);
    prices[meter] = formatPerMillion(parsePerCall(readDecimal(value, field), field));
  }
  for (const required of ["input", "output"] as const) {
    if (prices[required] === undefined) {
      throw refused(
        path(required),
        `${path(required)} is missing`,
        'Give USD per million tokens, such as "0.15"; "0" where it costs nothing.',
      );
    }
  }
  return prices;
}

function unitPrices(input: unknown, field: string): readonly (readonly [string, unknown])[] {
  if (input === undefined) return [];
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw refused(field, `${field} is not an object`, 'Write { "tool:ocr": "0.002" }.');
  const prices = Object.entries(input);
  if (prices.length > mostOpenMeters)
    throw refused(field, `${field} has more than ${mostOpenMeters} names`, "Leave some out.");
  return prices;
}

function readUnit(name: string, field: string): Meter {
  const fixed = fixedMeters.find((meter) => meter === name);
  if (fixed !== undefined && tokenMeters.has(fixed)) {
    throw refused(
      field,
      `${field} counts tokens`,
      `Write ${name} beside meters, in USD per million tokens.`,
    );
  }
  if (fixed !== undefined) return fixed;
  const problem = openMeterProblem(name);
  if (problem !== undefined || !isOpenMeter(name)) {
    throw refused(
      field,
      `${field} ${problem ?? "is not a meter"}`,
      "Give a price in USD per unit to tool:NAME, or to a name such as pages.",
    );
  }
  return name;
}

function readDecimal(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw refused(
    field,
    `${field} is not a decimal string`,
    'Write it in quotes, such as "0.15": a float is not exact.',
  );
}

function readName(value: unknown, field: string): string {
  if (typeof value === "string" && value.trim() !== "" && value.length <= maxIdLength)
    return value.trim();
  throw refused(
    field,
    `${field} is not a valid name`,
    `Give a text of 1 to ${maxIdLength} characters.`,
  );
}

/** @returns RFC 3339 in UTC, which makes equal times equal texts. */
function readTime(value: unknown, field: string): string | null {
  if (value === undefined || value === null) return null;
  const text =
    value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  return new Date(parseInstant(text, field)).toISOString();
}

function refuseUnknown(
  fields: Readonly<Record<string, unknown>>,
  path: (name: string) => string,
): void {
  for (const name of Object.keys(fields)) {
    if (otherFields.has(name) || (fixedMeters as readonly string[]).includes(name)) continue;
    throw refused(
      path(name),
      `${path(name)} ${unknownField}`,
      suggest(name, [...otherFields, ...fixedMeters]),
    );
  }
}

function refused(field: string, message: string, remedy: string): PurserError {
  return new PurserError("invalid_request", message, { field, remedy });
}
