/** A row of the built-in list in its files: the text form of a price, with its sources. */

import type { IdRule } from "../domain/price/id/id-rule.ts";
import { formatRates, type RatesText } from "../domain/price/text/rates-text.ts";
import { formatRow, type PriceText } from "../domain/price/text/row-text.ts";
import type { CatalogueRow } from "../domain/price/row/row.ts";

/** As in the files of `list/`, which have one provider each. */
export interface ListedRow extends Omit<PriceText, "provider"> {
  readonly source: string;
  /** Prices that the source lacks, from other sources. */
  readonly also?: readonly AlsoListed[];
  /** Texts that other ids of the model begin with, or contain. */
  readonly starts_with?: readonly string[];
  readonly contains?: readonly string[];
}

export type AlsoListed = RatesText & { readonly source: string };

export function formatListed({ supplements = [], ...row }: CatalogueRow): ListedRow {
  const { provider: _provider, model, aliases: _aliases, regions, ...text } = formatRow(row);
  const names = namesOf(row.ids);
  const aliases = names.equals.filter((name) => name !== model);
  return {
    model,
    ...(aliases.length > 0 && { aliases }),
    ...(names.starts.length > 0 && { starts_with: names.starts }),
    ...(names.contains.length > 0 && { contains: names.contains }),
    ...text,
    ...(row.regions === "included" && { regions: "included" }),
    ...(row.regions !== undefined && regions !== undefined && { regions }),
    source: row.source,
    ...(supplements.length > 0 && {
      also: supplements.map(({ source, rates = {} }) => ({ source, ...formatRates(rates) })),
    }),
  };
}

interface Names {
  readonly equals: readonly string[];
  readonly starts: readonly string[];
  readonly contains: readonly string[];
}

function namesOf(rule: IdRule): Names {
  const [equals, starts, contains] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const add = (part: IdRule): void => {
    if ("any" in part) part.any.forEach(add);
    else if ("equals" in part) equals.add(part.equals);
    else if ("startsWith" in part) starts.add(part.startsWith);
    else if ("contains" in part) contains.add(part.contains);
    else if ("endsWith" in part) equals.add(part.endsWith);
  };
  add(rule);
  return { equals: [...equals], starts: [...starts], contains: [...contains] };
}
