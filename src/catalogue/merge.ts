/** Combines price lists by precedence, and lists the prices on which they disagree. */

import { formatUsd, pico, type PicoUsd } from "../domain/money/money.ts";
import { matchId, namedIds, type IdRule } from "../domain/price/id/id-rule.ts";
import { countsTokens, type PricedMeter } from "../domain/price/row/rate.ts";
import { scale } from "../domain/price/row/ratio.ts";
import {
  isValidAt,
  type CatalogueRow,
  type Rates,
  type TermPrice,
} from "../domain/price/row/row.ts";
import { isFactor } from "../domain/price/row/terms.ts";
import { feeMeters } from "../domain/usage/usage.ts";
import { chargesTextAlike, completedBy } from "./complete-row.ts";
import { dearerOf } from "./dearer-row.ts";
import { completedLater, isLater } from "./later-row.ts";

/** Rows of one source: a published list, the overlay, or an update. */
export interface PriceList {
  readonly source: string;
  readonly version: string;
  readonly rows: readonly CatalogueRow[];
}

/** A price that two lists state differently. */
export interface Disagreement {
  readonly provider: string;
  readonly model: string;
  /** `input`, `input above 200000`, `batch input`. */
  readonly price: string;
  /** In the order of the lists, so the first is charged. */
  readonly stated: readonly StatedPrice[];
}

export interface StatedPrice {
  readonly source: string;
  readonly version: string;
  /** USD per million tokens, or per unit of anything else: a decimal. */
  readonly usd: string;
}

/**
 * Compares each list with every list before it, by id: an alias is compared with the model that it
 * names.
 *
 * @param lists In order of precedence.
 * @param at Milliseconds since the epoch: the rows that are valid then.
 */
export function disagreements(lists: readonly PriceList[], at: number): readonly Disagreement[] {
  const found: Disagreement[] = [];
  lists.forEach((list, index) => {
    const indexes = lists.slice(0, index).map((earlier) => indexRows(earlier.rows, at));
    for (const row of list.rows.filter((row) => isValidAt(row, at))) {
      for (const earlier of indexes) {
        const named = findRow(earlier, row);
        if (named?.isStated) found.push(...differences(named.row, row));
      }
    }
  });
  return found;
}

export interface MergeOptions {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether a row takes precedence over that of an earlier list. */
  readonly isPreferred?: (row: CatalogueRow) => boolean;
  /** Whether nothing decides between a row and that of an earlier list: then the dearer is charged. */
  readonly isUndecided?: (row: CatalogueRow) => boolean;
}

/**
 * Merges lists into one. A model has the row of the first list that names it. What that row lacks
 * is added from later lists, but only from those that state the same price: rates of two moments
 * are never mixed. Rows of the model that begin later get it too ({@link completedLater}).
 */
export function mergeLists(
  lists: readonly PriceList[],
  { at, isPreferred = () => false, isUndecided = () => false }: MergeOptions,
): readonly CatalogueRow[] {
  let rows: readonly CatalogueRow[] = [];
  for (const list of lists) {
    const index = indexRows(rows, at);
    const completed = new Map<CatalogueRow, CatalogueRow>();
    const added: CatalogueRow[] = [];
    for (const row of list.rows) {
      const named = isValidAt(row, at) ? findRow(index, row) : undefined;
      if (!named) {
        added.push(row);
        continue;
      }
      const current = completed.get(named.row) ?? named.row;
      if (isPreferred(row) || hasOtherFees(current, row)) {
        const isItself = current.model === row.model;
        completed.set(
          named.row,
          isItself
            ? { ...current, validTo: at }
            : { ...current, ids: without(current.ids, row.model) },
        );
        added.push(isItself ? { ...row, validFrom: at } : row);
      } else if (isUndecided(row)) {
        completed.set(named.row, { ...current, validTo: at });
        added.push({ ...dearerOf(current, row), validFrom: at });
      } else if (chargesTextAlike(current, row)) {
        const whole = completedBy(current, row);
        completed.set(named.row, whole);
        for (const later of rows.filter((next) => isLater(next, { than: named.row, at })))
          completed.set(
            later,
            completedLater(completed.get(later) ?? later, { now: whole, other: row }),
          );
      }
      // A snapshot with its own price is not the model whose name it begins with.
      else if (!named.isStated) added.push(row);
    }
    rows = [...rows.map((row) => completed.get(row) ?? row), ...added];
  }
  return rows;
}

/** The rule without one of the ids that it names. */
function without(rule: IdRule, name: string): IdRule {
  if (!("any" in rule)) return rule;
  return {
    any: rule.any
      .filter((part) => !("equals" in part && part.equals === name))
      .map((part) => without(part, name)),
  };
}

interface RowIndex {
  readonly byId: ReadonlyMap<string, CatalogueRow>;
  readonly byProvider: ReadonlyMap<string, readonly CatalogueRow[]>;
}

function indexRows(rows: readonly CatalogueRow[], at: number): RowIndex {
  const valid = rows.filter((row) => isValidAt(row, at));
  const byId = new Map<string, CatalogueRow>();
  const add = (row: CatalogueRow, id: string): void => {
    const key = keyOf(row.provider, id);
    if (!byId.has(key)) byId.set(key, row);
  };
  for (const row of valid) add(row, row.model);
  for (const row of valid) for (const id of namedIds(row.ids)) add(row, id);
  return { byId, byProvider: Map.groupBy(valid, ({ provider }) => provider) };
}

function keyOf(provider: string, model: string): string {
  return `${provider} ${model.toLowerCase()}`;
}

interface NamedRow {
  readonly row: CatalogueRow;
  /** Whether the row names the id. If not, its rule covers it, as a snapshot or in a region. */
  readonly isStated: boolean;
}

/** The row that names a model; a prefix is not enough. */
function findRow(index: RowIndex, { provider, model }: CatalogueRow): NamedRow | undefined {
  const stated = index.byId.get(keyOf(provider, model));
  if (stated) return { row: stated, isStated: true };
  const row = index.byProvider.get(provider)?.find(({ ids }) => {
    const match = matchId(ids, model)?.match;
    return match !== undefined && match !== "prefix";
  });
  return row && { row, isStated: false };
}

/**
 * An alias with another fee is a model of its own: OpenAI's search models share their token rates.
 */
function hasOtherFees(row: CatalogueRow, other: CatalogueRow): boolean {
  if (row.model === other.model) return false;
  return feeMeters.some((meter) => {
    const [one, alias] = [row.rates[meter], other.rates[meter]];
    return one !== undefined && alias !== undefined && one !== alias;
  });
}

function differences(left: CatalogueRow, right: CatalogueRow): readonly Disagreement[] {
  const found: Disagreement[] = [];
  const compare = (one: Rates, other: Rates, label: (meter: string) => string): void => {
    for (const [name, rate] of Object.entries(one)) {
      const meter = name as PricedMeter;
      const stated = other[meter];
      if (rate === undefined || stated === undefined || rate === stated) continue;
      found.push({
        provider: right.provider,
        model: right.model,
        price: label(meter),
        stated: [
          { source: left.source, version: left.version, usd: usdOf(meter, rate) },
          { source: right.source, version: right.version, usd: usdOf(meter, stated) },
        ],
      });
    }
  };
  compare(left.rates, right.rates, (meter) => meter);
  for (const tier of left.contextTiers ?? []) {
    const other = right.contextTiers?.find(({ tokens }) => tokens === tier.tokens);
    if (other) compare(tier.rates, other.rates, (meter) => `${meter} above ${tier.tokens}`);
  }
  for (const [name, term] of Object.entries(left.serviceTiers ?? {})) {
    const other = right.serviceTiers?.[name as keyof typeof right.serviceTiers];
    if (!term || !other) continue;
    compare(underTerm(left, term), underTerm(right, other), (meter) => `${name} ${meter}`);
  }
  return found;
}

function underTerm(row: CatalogueRow, term: TermPrice): Rates {
  if (!isFactor(term)) return term.rates;
  return Object.fromEntries(
    (Object.entries(row.rates) as [PricedMeter, PicoUsd][])
      .filter(([meter]) => countsTokens(meter) && !term.without?.some((left) => left === meter))
      .map(([meter, rate]) => [meter, scale(rate, term)]),
  );
}

function usdOf(meter: PricedMeter, rate: PicoUsd): string {
  return formatUsd(countsTokens(meter) ? pico(rate * 1_000_000n) : rate);
}
