/** Compares the price book with published lists: which of their models it prices, and how. */

import { makePriceBook } from "../../src/domain/price/book.ts";
import { unpricedSource, type Rate, type ServiceTier } from "../../src/domain/price/row/rate.ts";
import type { CatalogueRow, Rates, TermPrice } from "../../src/domain/price/row/row.ts";
import { isFactor } from "../../src/domain/price/row/terms.ts";
import type { PriceBook, PriceSheet } from "../../src/domain/price/sheet.ts";
import type { PublishedList } from "../../src/catalogue/source/source.ts";
import { tokenMeters, type Meter } from "../../src/domain/usage/usage.ts";
import { formatUsd, pico, type PicoUsd } from "../../src/domain/money/money.ts";

/** What a model is sold by; tokens if it is sold by tokens at all. */
export type UnitKind = "tokens" | "time" | "images" | "characters" | "pages" | "searches" | "other";

/**
 * What the book says of a model of a list:
 *
 * - `same` every price of the list
 * - `different` another price
 * - `missing` none: no row, none for what the list prices, or only that of a model whose name begins
 *   the same
 * - `unread` a price, which the list states in a way that cannot be compared
 * - `skipped` none, and the price of the list cannot be stated in a row
 */
export type Found = "same" | "different" | "missing" | "unread" | "skipped";

/** One model of one list, and what the book says of it. */
export interface Compared {
  readonly list: string;
  readonly provider: string;
  readonly model: string;
  readonly kind: UnitKind;
  readonly found: Found;
  readonly differences: readonly Difference[];
}

export interface Difference {
  /** `input`, `batch output`, `output above 200,000`. */
  readonly price: string;
  readonly ours: string;
  readonly theirs: string;
  /** Where our price is from. */
  readonly source: string;
}

export interface CompareOptions {
  readonly book: PriceBook;
  readonly at: number;
  readonly isCurrent: (model: { readonly provider: string; readonly model: string }) => boolean;
}

export function compareList(
  list: PublishedList,
  { book, at, isCurrent }: CompareOptions,
): readonly Compared[] {
  const valid = list.rows.filter(
    ({ validFrom = -Infinity, validTo = Infinity }) => validFrom <= at && at < validTo,
  );
  const skipped = list.skipped.filter(({ lacks }) => lacks === undefined);
  return [
    ...valid.filter(isCurrent).map((row) => compareRow(row, { list: list.source, book, at })),
    ...skipped.filter(isCurrent).map(({ provider, model }) => ({
      list: list.source,
      provider,
      model,
      kind: "tokens" as const,
      found: (hasPrice(book.sheet({ provider, model, at })) ? "unread" : "skipped") as Found,
      differences: [],
    })),
  ];
}

function hasPrice(sheet: PriceSheet | undefined): boolean {
  return (
    sheet !== undefined &&
    sheet.match !== "prefix" &&
    (sheet.pricesTokens || sheet.openMeters.length > 0)
  );
}

interface RowQuestion {
  readonly list: string;
  readonly book: PriceBook;
  readonly at: number;
}

function compareRow(row: CatalogueRow, { list, book, at }: RowQuestion): Compared {
  const { provider, model } = row;
  const sheet = book.sheet({ provider, model, at });
  const theirs = makePriceBook({ sources: [() => [row]], version: "" }).sheet({
    provider,
    model,
    at,
  });
  const compared =
    sheet && theirs
      ? statedPrices(row).map((stated) => comparePrice(stated, { sheet, theirs, at }))
      : [];
  return { list, provider, model, kind: kindOf(row), ...foundOf(sheet, compared) };
}

type PriceCompared = Difference & { readonly isSame: boolean; readonly isPriced: boolean };

function foundOf(
  sheet: PriceSheet | undefined,
  compared: readonly PriceCompared[],
): Pick<Compared, "found" | "differences"> {
  const differences = compared.filter(({ isSame }) => !isSame);
  const isAnother = sheet?.match === "prefix" && differences.length > 0;
  const isUnpriced = compared.length > 0 && !compared.some(({ isPriced }) => isPriced);
  if (!sheet || isAnother || isUnpriced) return { found: "missing", differences: [] };
  return { found: differences.length === 0 ? "same" : "different", differences };
}

/** One price that a list states, and the terms under which it applies. */
interface StatedPrice {
  readonly meter: Meter;
  readonly serviceTier?: ServiceTier;
  readonly region?: string;
  /** The tokens above which it applies. */
  readonly above?: number;
}

function statedPrices(row: CatalogueRow): readonly StatedPrice[] {
  const { rates, contextTiers = [], serviceTiers = {}, regions } = row;
  const own = metersOf(rates);
  const ofTerm = (price: TermPrice): readonly Meter[] =>
    isFactor(price) ? own.filter((meter) => tokenMeters.has(meter)) : metersOf(price.rates);
  const places = regions === undefined || regions === "included" ? {} : regions;
  return [
    ...own.map((meter) => ({ meter })),
    ...contextTiers.flatMap(({ tokens, rates: higher }) =>
      metersOf(higher).map((meter) => ({ meter, above: tokens })),
    ),
    ...Object.entries(serviceTiers).flatMap(([tier, price]) =>
      ofTerm(price).map((meter) => ({ meter, serviceTier: tier as ServiceTier })),
    ),
    ...Object.entries(places).flatMap(([region, price]) =>
      ofTerm(price).map((meter) => ({ meter, region })),
    ),
  ];
}

/** Fees of tools are not prices of a model: sources state them for some models only. */
function metersOf(rates: Rates): readonly Meter[] {
  return (Object.keys(rates) as Meter[]).filter((meter) => tokenMeters.has(meter) || isUnit(meter));
}

interface TwoSheets {
  readonly sheet: PriceSheet;
  readonly theirs: PriceSheet;
  readonly at: number;
}

function comparePrice(stated: StatedPrice, { sheet, theirs, at }: TwoSheets): PriceCompared {
  const { meter } = stated;
  const [ours, listed] = [rateOf(sheet, stated, at), rateOf(theirs, stated, at)];
  // Embeddings have no output: a list may say zero or nothing.
  const isNoOutput = meter === "output" && listed?.perUnit === 0n;
  const isStated = ours !== undefined && ours.source !== unpricedSource;
  const hasVariant = sheet.openMeters.some((other) => other.startsWith(`${meter}_`));
  return {
    price: nameOf(stated),
    ours: isStated ? usd(meter, ours.perUnit) : "none",
    theirs: listed ? usd(meter, listed.perUnit) : "none",
    source: ours?.source ?? "",
    isSame: ours?.perUnit === listed?.perUnit || isNoOutput,
    isPriced: isStated || hasVariant,
  };
}

function rateOf(
  sheet: PriceSheet,
  { meter, serviceTier = "standard", region, above }: StatedPrice,
  at: number,
): Rate | undefined {
  const usage = { ...(above !== undefined && { input: above + 1 }), [meter]: (above ?? 0) + 1 };
  return sheet
    .charge({ model: null, usage }, { serviceTier, region, at })
    .find((line) => line.meter === meter)?.rate;
}

function nameOf({ meter, serviceTier, region, above }: StatedPrice): string {
  const edge = above === undefined ? undefined : `above ${above.toLocaleString("en")}`;
  return [serviceTier, region, meter, edge].filter((part) => part !== undefined).join(" ");
}

function isUnit(meter: Meter): boolean {
  return /^(?:audio_seconds|output_audio|input_images|images|video_|input_video|characters|pages|annotated|search_units|pixels)/.test(
    meter,
  );
}

function usd(meter: Meter, rate: PicoUsd): string {
  return formatUsd(tokenMeters.has(meter) ? pico(rate * 1_000_000n) : rate);
}

export function kindOf({ rates }: CatalogueRow): UnitKind {
  const has = (pattern: RegExp): boolean =>
    Object.entries(rates).some(
      ([meter, rate]) => pattern.test(meter) && rate !== undefined && rate > 0n,
    );
  if (has(/^(?:input|output)(?:_audio|_image)?$/)) return "tokens";
  if (has(/seconds/)) return "time";
  if (has(/^(?:images|input_images|pixels)/)) return "images";
  if (has(/characters/)) return "characters";
  if (has(/pages/)) return "pages";
  if (has(/^(?:search_units|request|web_search)/)) return "searches";
  return Object.values(rates).every((rate) => rate === 0n) ? "tokens" : "other";
}
