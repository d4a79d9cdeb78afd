/** Compares the price book with published lists: which of their models it prices, and how. */

import type { PriceBook } from "../../src/domain/price/sheet.ts";
import type { CatalogueRow } from "../../src/domain/price/row/row.ts";
import type { PublishedList } from "../../src/catalogue/source/source.ts";
import { tokenMeters, type Meter } from "../../src/domain/usage/usage.ts";
import { formatUsd, pico, type PicoUsd } from "../../src/domain/money/money.ts";

/** What a model is sold by; tokens if it is sold by tokens at all. */
export type UnitKind = "tokens" | "time" | "images" | "characters" | "pages" | "searches" | "other";

/** One model of one list, and what the book says of it. */
export interface Compared {
  readonly list: string;
  readonly provider: string;
  readonly model: string;
  readonly kind: UnitKind;
  /** `skipped`: the list's price cannot be stated in a row. */
  readonly found: "same" | "different" | "missing" | "skipped";
  readonly differences: readonly Difference[];
}

export interface Difference {
  /** `input`, `batch output`. */
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
  const skipped = list.skipped.filter(({ why }) => !isNotForSale(why));
  return [
    ...valid.filter(isCurrent).map((row) => compareRow(row, { list: list.source, book, at })),
    ...skipped.filter(isCurrent).map(({ provider, model }) => ({
      list: list.source,
      provider,
      model,
      kind: "tokens" as const,
      found: book.sheet({ provider, model, at }) ? ("same" as const) : ("skipped" as const),
      differences: [],
    })),
  ];
}

/** An entry without a price, a second one of the same model, or one that is not a price by use. */
function isNotForSale(why: string): boolean {
  return /no price$|at zero|billed by tokens|bought for months|second entry|price for output|in .* only/.test(
    why,
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
  const differences: Difference[] = [];
  if (sheet) {
    const meters = Object.entries(row.rates) as readonly (readonly [Meter, PicoUsd])[];
    for (const [meter, theirs] of meters) {
      // Fees of tools are not prices of a model: sources state them for some models only.
      if (!tokenMeters.has(meter) && !isUnit(meter)) continue;
      const [line] = sheet
        .charge({ model: null, usage: { [meter]: 1 } }, { serviceTier: "standard", at })
        .filter((charged) => charged.meter === meter);
      const ours = line?.rate?.perUnit;
      // Embeddings have no output: a list may say zero or nothing.
      const isNoOutput = meter === "output" && theirs === 0n;
      if (ours === undefined || ours === theirs || isNoOutput) continue;
      differences.push({
        price: meter,
        ours: line?.rate?.source === "unpriced" ? "none" : usd(meter, ours),
        theirs: usd(meter, theirs),
        source: line?.rate?.source ?? "",
      });
    }
  }
  return {
    list,
    provider,
    model,
    kind: kindOf(row),
    found: !sheet ? "missing" : differences.length === 0 ? "same" : "different",
    differences,
  };
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
