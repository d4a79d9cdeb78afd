/** Compares a published price list with the book in force: which prices to store, and why. */

import { compareRows, type RateChange } from "./rate-change.ts";
import { renewRow } from "./renew-row.ts";
import type { CatalogueRow } from "../row/row.ts";
import type { ModelName } from "../served.ts";
import type { PriceBook } from "../sheet.ts";

/** A list as its reader returns it. */
export interface StatedList {
  /** Such as `litellm`. */
  readonly source: string;
  readonly version: string;
  readonly rows: readonly CatalogueRow[];
  /** Models that are in the list, but not in `rows`. */
  readonly skipped: readonly SkippedModel[];
}

export interface SkippedModel extends ModelName {
  /** Where the list has it: `[0].models[3]`. Null if its reader does not say. */
  readonly path: string | null;
  readonly why: string;
}

/** The prices that a list states for one model, now and later, in order of time. */
export interface ListedModel extends ModelName {
  readonly rows: readonly CatalogueRow[];
}

/** `mixed`: some rates are dearer and others cheaper. */
export type ChangeKind = "new" | "dearer" | "cheaper" | "mixed";

/** A model whose price in the list differs from the book. */
export interface ModelChange extends ModelName {
  readonly kind: ChangeKind;
  /** All rates that differ; none for a new model. */
  readonly rates: readonly RateChange[];
  /** Prices that the list leaves out, changed in proportion to those it states. */
  readonly carried: readonly string[];
  /** Each whole, the first from now on. */
  readonly rows: readonly CatalogueRow[];
}

/** A model of the book, and the source of its price. */
export interface BookedModel extends ModelName {
  readonly source: string;
}

/** The models that have a price at a time or later. Prices of the past are left out. */
export function listedModels({ rows }: StatedList, at: number): readonly ListedModel[] {
  const open = rows.filter(({ validTo = Infinity }) => validTo > at);
  return [...Map.groupBy(open, keyOf).values()].flatMap((same) => {
    const sorted = same.toSorted(
      (left, right) => (left.validFrom ?? -Infinity) - (right.validFrom ?? -Infinity),
    );
    const [first] = sorted;
    return first ? [{ provider: first.provider, model: first.model, rows: sorted }] : [];
  });
}

export interface BookInForce {
  /** Without prices set by users. */
  readonly book: PriceBook;
  /**
   * Prices from `source` were read at the provider itself, and replaced those of `list`. They are
   * kept while a new list agrees with `list`.
   */
  readonly firstHand?: { readonly source: string; readonly list: PriceBook };
  /** The moment from which the new prices are valid, in milliseconds since the epoch. */
  readonly at: number;
}

/** @returns Null if the list agrees with the book, or has nothing newer. */
export function changeOf(
  { provider, model, rows }: ListedModel,
  { book, firstHand, at }: BookInForce,
): ModelChange | null {
  const rates: RateChange[] = [];
  const carried = new Set<string>();
  const stored: CatalogueRow[] = [];
  let isNew = false;
  for (const listed of rows) {
    const from = Math.max(at, listed.validFrom ?? at);
    const query = { provider, model, at: from };
    const present = presentRow(book, query);
    if (present && present.source === firstHand?.source) {
      const known = presentRow(firstHand.list, query);
      if (known && compareRows(known, renewRow(known, listed).row).length === 0) continue;
    }
    const renewed = present && renewRow(present, listed);
    if (!present) isNew = true;
    else rates.push(...compareRows(present, renewed?.row ?? listed));
    for (const name of renewed?.carried ?? []) carried.add(name);
    stored.push({ ...(renewed?.row ?? listed), ...validity(from, listed.validTo) });
  }
  if (stored.length === 0 || (!isNew && rates.length === 0)) return null;
  const kind = isNew ? "new" : kindOf(rates);
  return { provider, model, kind, rates, carried: [...carried], rows: stored };
}

/**
 * The models whose price in the book came from the list's source, and which the list no longer has.
 * They keep their price.
 */
export function goneFrom(
  list: StatedList,
  booked: readonly BookedModel[],
  at: number,
): readonly BookedModel[] {
  const ids = new Set([...listedModels(list, at), ...list.skipped].map(keyOf));
  return booked.filter((model) => model.source === list.source && !ids.has(keyOf(model)));
}

/** A row found by a prefix belongs to another model. */
function presentRow(
  book: PriceBook,
  query: Parameters<PriceBook["sheet"]>[0],
): CatalogueRow | undefined {
  const sheet = book.sheet(query);
  return sheet?.match === "prefix" ? undefined : sheet?.row;
}

function validity(
  validFrom: number,
  validTo: number | undefined,
): Pick<CatalogueRow, "validFrom" | "validTo"> {
  return { validFrom, ...(validTo !== undefined && { validTo }) };
}

function kindOf(rates: readonly RateChange[]): ChangeKind {
  const rises = rates.map(({ before, after }) => (after ?? 0n) > (before ?? 0n));
  if (rises.every((rise) => rise)) return "dearer";
  return rises.some((rise) => rise) ? "mixed" : "cheaper";
}

function keyOf({ provider, model }: ModelName): string {
  return `${provider} ${model.toLowerCase()}`;
}
