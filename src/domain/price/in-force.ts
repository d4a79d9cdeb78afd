/** Lists the prices that are in force at one time. */

import { namesModel, overrideRow, type PriceOverride } from "./text/override.ts";
import { isSameStatement, isValidAt, type CatalogueRow } from "./row/row.ts";
import { formatRow, type PriceText } from "./text/row-text.ts";
import type { ModelName } from "./served.ts";
import type { PriceBook } from "./sheet.ts";

export interface BookContents {
  readonly book: PriceBook;
  /** Every model with a price of its own. */
  readonly models: readonly ModelName[];
  /** What the user set; prices for prefixes are not in `models`. */
  readonly overrides: readonly PriceOverride[];
}

export interface PriceInForce {
  readonly row: CatalogueRow;
  /** With the ids that the book prices by this row. */
  readonly text: PriceText;
}

/** @returns Each row once. A model whose id is priced by another model's row is left out. */
export function pricesInForce(
  { book, models, overrides }: BookContents,
  at: number,
): readonly PriceInForce[] {
  const prefixes = overrides
    .filter(({ row }) => !namesModel(row))
    .map((override) => overrideRow(override, undefined))
    .filter((row) => isValidAt(row, at));
  const own = models.flatMap(({ provider, model }) => {
    const row = book.sheet({ provider, model, at })?.row;
    return row?.model.toLowerCase() === model.toLowerCase() ? [row] : [];
  });
  const isOf = (row: CatalogueRow, model: string): boolean => {
    const found = book.sheet({ provider: row.provider, model, at })?.row;
    return found !== undefined && isSameStatement(found, row);
  };
  return [
    ...prefixes.map((row) => ({ row, text: formatRow(row) })),
    ...[...new Set(own)].map((row) => ({ row, text: textOf(row, (id) => isOf(row, id)) })),
  ];
}

function textOf(row: CatalogueRow, isPriced: (id: string) => boolean): PriceText {
  const { provider, model, aliases = [], ...others } = formatRow(row);
  const kept = aliases.filter(isPriced);
  return { provider, model, ...(kept.length > 0 && { aliases: kept }), ...others };
}
