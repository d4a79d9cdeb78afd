/** Helpers for hand-written price rows, with exact decimals as published by providers. */

import type { PicoUsd } from "../../domain/money/money.ts";
import { equalsAny } from "../../domain/price/id/id-rule.ts";
import { parsePerCall, parsePerMillion } from "../../domain/price/text/per-million.ts";
import type { CatalogueRow, Rates } from "../../domain/price/row/row.ts";
import { openMeter } from "../../domain/usage/open-meter.ts";
import { fixedMeters, tokenMeters, type FixedMeter } from "../../domain/usage/usage.ts";

/** The date on which the overlay's most recent source was read. */
export const overlayVersion = "2026-11-28";
export const overlaySource = "overlay";

/** USD per million tokens; USD per call for tools. */
export type UsdPrices = Readonly<Partial<Record<FixedMeter, string>>>;

export interface OverlayRow extends Omit<
  CatalogueRow,
  "ids" | "rates" | "validFrom" | "validTo" | "source" | "version" | "cacheWrites"
> {
  /** Other names of the model, each including its dated snapshots. */
  readonly aliases?: readonly string[];
  readonly prices: UsdPrices;
  /** USD per unit of open meters. */
  readonly meters?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly from?: string;
  readonly to?: string;
  readonly cacheWrites?: CatalogueRow["cacheWrites"];
  readonly source?: string;
}

export function usd(prices: UsdPrices): Rates {
  const rates: { [meter in FixedMeter]?: PicoUsd } = {};
  for (const meter of fixedMeters) {
    const text = prices[meter];
    if (text !== undefined)
      rates[meter] = tokenMeters.has(meter)
        ? parsePerMillion(text, meter)
        : parsePerCall(text, meter);
  }
  return rates;
}

export function overlayRow({
  aliases,
  prices,
  meters = {},
  from,
  to,
  cacheWrites,
  source,
  ...rest
}: OverlayRow): CatalogueRow {
  return {
    ...rest,
    ids: equalsAny(rest.model, ...(aliases ?? [])),
    rates: { ...usd(prices), ...perUnit(meters) },
    ...(from !== undefined && { validFrom: Date.parse(from) }),
    ...(to !== undefined && { validTo: Date.parse(to) }),
    cacheWrites: cacheWrites ?? "asked",
    source: source ?? overlaySource,
    version: overlayVersion,
  };
}

function perUnit(meters: Readonly<Record<string, string>>): Rates {
  return Object.fromEntries(
    Object.entries(meters).map(([name, text]) => [openMeter(name), parsePerCall(text, name)]),
  );
}
