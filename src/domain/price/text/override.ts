/** Price overrides: prices that a user sets over the API or in the configuration. */

import type { PicoUsd } from "../../money/money.ts";
import { isOpenMeter, refuseMistake } from "../../usage/open-meter.ts";
import { fixedMeters, tokenMeters } from "../../usage/usage.ts";
import { formatPerMillion, parsePerMillion, parsePerMillionCalls } from "./per-million.ts";
import type { CatalogueRow, Rates } from "../row/row.ts";
import {
  formatRow,
  parseRow,
  refuseControls,
  usualCacheWrites,
  type PriceText,
} from "./row-text.ts";

/** A price in its text form, and where it was set. */
export interface PriceOverride {
  readonly row: PriceText;
  /** `configuration` or `api`, recorded with every charge. */
  readonly source: string;
}

/** The form in ledgers of schema 5 and earlier: standard rates only. */
interface FlatOverride {
  readonly provider: string;
  readonly model: string;
  readonly match: "exact" | "prefix";
  /** In USD per million units of any meter. */
  readonly perMillion: Readonly<Record<string, string>>;
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly source: string;
}

export type StoredOverride = PriceOverride | FlatOverride;

export interface DefinePriceOptions {
  /** Path of the input for errors: `prices[2]`, or empty at the top level. */
  readonly field: string;
  /** `configuration` or `api`, recorded with every charge. */
  readonly source: string;
}

/**
 * Parses a price as the user writes it, see {@link PriceText}: `{provider, model, input, output,
 * cache_read, context_tiers, service_tiers, regions, hours, meters, valid_from, ...}`.
 *
 * @returns The price with every time in UTC and every number in its shortest form.
 * @throws PurserError `invalid_request` naming the field and the remedy.
 */
export function definePrice(
  input: unknown,
  options: DefinePriceOptions = { field: "", source: "api" },
): PriceOverride {
  const row = formatRow(parseRow(input, options));
  refuseControls(row, options.field);
  refuseMisspeltMeters(row, options.field);
  return { row, source: options.source };
}

/** Of users only: the ledger may have such prices from earlier versions. */
function refuseMisspeltMeters(row: PriceText, field: string): void {
  const prefix = field ? `${field}.` : "";
  const check = (names: object | undefined, path: string): void => {
    for (const name of Object.keys(names ?? {}))
      if (isOpenMeter(name)) refuseMistake(name, `${prefix}${path}.${name}`);
  };
  check(row.meters, "meters");
  check(row.free, "free");
  (row.hours ?? []).forEach(({ meters }, index) => check(meters, `hours[${index}].meters`));
  for (const terms of ["service_tiers", "regions"] as const) {
    const stated = row[terms];
    if (stated === undefined || stated === "included") continue;
    for (const [name, term] of Object.entries(stated))
      if ("meters" in term) check(term.meters, `${terms}.${name}.meters`);
  }
}

/** Converts an override to a catalogue row for look-ups. */
export function overrideRow(
  { row, source }: PriceOverride,
  supplements: CatalogueRow["supplements"],
): CatalogueRow {
  return { ...parseRow(row, { field: "price", source }), ...(supplements && { supplements }) };
}

/** Whether a price names a model, rather than a prefix of models. */
export function namesModel({ model }: PriceText): boolean {
  return !model.endsWith("*");
}

/** The standard rates of an override in USD per million units, also of fees: 0.01 is `10000`. */
export function usdPerMillion(override: PriceOverride): Readonly<Record<string, string>> {
  const { rates } = overrideRow(override, undefined);
  return Object.fromEntries(
    Object.entries(rates).flatMap(([meter, rate]) =>
      rate === undefined ? [] : [[meter, formatPerMillion(rate)] as const],
    ),
  );
}

/** Reads an override from the ledger, in its present or earlier form. */
export function readStoredOverride(stored: StoredOverride): PriceOverride {
  if ("row" in stored) return stored;
  const { provider, model, match, perMillion, validFrom, validTo, source } = stored;
  const rates: Rates = Object.fromEntries(
    Object.entries(perMillion).map(([meter, text]) => [meter, perUnit(meter, text)]),
  );
  const row = formatRow({
    provider,
    model: match === "prefix" ? `${model}*` : model,
    ids: { any: [] },
    rates,
    regions: "included",
    cacheWrites: usualCacheWrites(rates),
    source,
    version: validFrom ?? "1",
    ...(validFrom !== null && { validFrom: Date.parse(validFrom) }),
    ...(validTo !== null && { validTo: Date.parse(validTo) }),
  });
  return { row, source };
}

function perUnit(meter: string, text: string): PicoUsd {
  const isToken = fixedMeters.some((fixed) => fixed === meter && tokenMeters.has(fixed));
  const field = `price of ${meter}`;
  return isToken ? parsePerMillion(text, field) : parsePerMillionCalls(text, field);
}
