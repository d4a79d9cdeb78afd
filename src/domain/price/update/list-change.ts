/** Compares a published price list with the book in force: which prices to store, and why. */

import { compareRows, type RateChange } from "./rate-change.ts";
import { renewRow } from "./renew-row.ts";
import { withUsualHours } from "./usual-hours.ts";
import type { CatalogueRow } from "../row/row.ts";
import type { ModelName } from "../served.ts";
import type { PriceBook, PriceSheet } from "../sheet.ts";

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
  /**
   * When a later price of the book begins that the list does not state: the rows end then. Null if
   * there is none.
   */
  readonly knownChange: number | null;
}

/** A model of the book, and the source of its price. */
export interface BookedModel extends ModelName {
  readonly source: string;
}

/**
 * The list without models that it has twice, in another case: ids match in any case, so the prices of
 * the first one apply.
 */
export function withoutRepeats(list: StatedList): StatedList {
  const first = new Map<string, string>();
  const repeated: SkippedModel[] = [];
  const rows = list.rows.filter((row) => {
    const { provider, model } = row;
    const known = first.get(keyOf(row));
    if (known === undefined) first.set(keyOf(row), model);
    if (known === undefined || known === model) return true;
    repeated.push({ provider, model, path: null, why: `is in the list before, as ${known}` });
    return false;
  });
  return repeated.length === 0 ? list : { ...list, rows, skipped: [...list.skipped, ...repeated] };
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
export function changeOf(listed: ListedModel, inForce: BookInForce): ModelChange | null {
  const { provider, model, rows } = listed;
  const { book, at } = inForce;
  const renewed = rows.map((row) => renewedIn(inForce, row, model));
  const news = renewed.filter(({ isKnown }) => !isKnown);
  const rates = news.flatMap(({ present, row }) => (present ? compareRows(present, row) : []));
  const isNew = news.some(({ present }) => !present);
  if (news.length === 0 || (!isNew && rates.every(isRounded))) return null;
  const stored = news.map(({ row }) => row);
  const knownChange = statesTimes(rows, at) ? null : nextChange(book, { provider, model, at });
  return {
    provider,
    model,
    kind: isNew ? "new" : kindOf(rates),
    rates,
    carried: [...new Set(news.flatMap(({ carried }) => carried))],
    rows: knownChange === null ? stored : stored.map((row) => ({ ...row, validTo: knownChange })),
    knownChange,
  };
}

/**
 * The prices of a model that does not change, as rows of its own: another model whose row it has gets
 * another price.
 */
export function ownRows(
  { provider, model, rows }: ListedModel,
  inForce: BookInForce,
): readonly CatalogueRow[] {
  const { book, at } = inForce;
  const end = statesTimes(rows, at) ? null : nextChange(book, { provider, model, at });
  return rows.map((listed) => {
    const { present, row, isKnown } = renewedIn(inForce, listed, model);
    const kept = isKnown && present ? { ...present, ...timesOf(row) } : row;
    return {
      ...kept,
      model,
      ids: { equals: model },
      ...(end !== null && { validTo: end }),
    };
  });
}

interface RenewedPrice {
  /** What the book has from then on, by its usual hours. */
  readonly present: CatalogueRow | undefined;
  readonly row: CatalogueRow;
  readonly carried: readonly string[];
  /** Whether the present price is known from the provider itself, and the list has nothing newer. */
  readonly isKnown: boolean;
}

/** A price of a list, whole and valid from now on or later. */
function renewedIn(
  { book, firstHand, at }: BookInForce,
  published: CatalogueRow,
  model: string,
): RenewedPrice {
  const from = Math.max(at, published.validFrom ?? at);
  const query = { provider: published.provider, model, at: from };
  const listed = withUsualHours(published);
  const present = presentRow(book, query);
  const known = present?.source === firstHand?.source && firstHand?.list;
  const before = known && presentRow(known, query);
  const { row, carried } = present ? renewRow(present, listed) : { row: listed, carried: [] };
  return {
    present,
    row: { ...row, ...validity(from, published.validTo) },
    carried,
    isKnown: !!before && compareRows(before, renewRow(before, listed).row).length === 0,
  };
}

/** Whether a list says itself until when its price is valid, or what comes after it. */
function statesTimes(rows: readonly CatalogueRow[], at: number): boolean {
  return rows.some(({ validFrom = at, validTo }) => validFrom > at || validTo !== undefined);
}

/** When the book has another price than at `at`, or none. Null if no such time is known. */
function nextChange(book: PriceBook, query: BookQuery): number | null {
  const present = presentSheet(book, query);
  if (!present) return null;
  let end = present.rowUntil();
  while (end < Infinity) {
    const next = presentSheet(book, { ...query, at: end });
    if (!next || compareRows(present.row, next.row).length > 0) return end;
    end = next.rowUntil();
  }
  return null;
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

type BookQuery = Parameters<PriceBook["sheet"]>[0];

function presentRow(book: PriceBook, query: BookQuery): CatalogueRow | undefined {
  const row = presentSheet(book, query)?.row;
  return row && withUsualHours(row);
}

/** A row found by a prefix belongs to another model. */
function presentSheet(book: PriceBook, query: BookQuery): PriceSheet | undefined {
  const sheet = book.sheet(query);
  return sheet?.match === "prefix" ? undefined : sheet;
}

function timesOf({
  validFrom,
  validTo,
}: CatalogueRow): Pick<CatalogueRow, "validFrom" | "validTo"> {
  return {
    ...(validFrom !== undefined && { validFrom }),
    ...(validTo !== undefined && { validTo }),
  };
}

function validity(
  validFrom: number,
  validTo: number | undefined,
): Pick<CatalogueRow, "validFrom" | "validTo"> {
  return { validFrom, ...(validTo !== undefined && { validTo }) };
}

/** Lists compute prices from others: per second of those per hour, per token of those per unit. */
function isRounded({ before, after }: RateChange): boolean {
  if (before === null || after === null) return false;
  const [less, more] = before < after ? [before, after] : [after, before];
  return (more - less) * 1_000n <= more;
}

function kindOf(rates: readonly RateChange[]): ChangeKind {
  const rises = rates.map(({ before, after }) => (after ?? 0n) > (before ?? 0n));
  if (rises.every((rise) => rise)) return "dearer";
  return rises.some((rise) => rise) ? "mixed" : "cheaper";
}

function keyOf({ provider, model }: ModelName): string {
  return `${provider} ${model.toLowerCase()}`;
}
