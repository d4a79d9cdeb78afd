/** Compares a published list with the price book, without delaying calls. */

import { PurserError } from "../../domain/error.ts";
import {
  changeOf,
  goneFrom,
  listedModels,
  type BookedModel,
  type BookInForce,
  type ModelChange,
  type StatedList,
} from "../../domain/price/update/list-change.ts";
import { doubtsAbout, doubtsOf, type Doubt } from "../../domain/price/update/list-doubt.ts";
import { formatRow, refuseControls, type PriceText } from "../../domain/price/text/row-text.ts";
import type { ModelName } from "../../domain/price/served.ts";
import { rowOfText } from "../../domain/price/update/price-update.ts";
import { restBetween } from "./rest.ts";

export interface Compared {
  /** Models whose price differs, by provider and model. */
  readonly changes: readonly ModelChange[];
  /** All rows of the changes, to be stored. */
  readonly texts: readonly PriceText[];
  /** The number of models for which list and book agree. */
  readonly unchanged: number;
  readonly gone: readonly ModelName[];
  readonly skipped: StatedList["skipped"];
  readonly doubts: readonly Doubt[];
}

export interface Comparison extends BookInForce {
  /** The models of the book, including those without a price at this time. */
  readonly models: readonly BookedModel[];
}

export async function compareList(list: StatedList, comparison: Comparison): Promise<Compared> {
  const { book, models, at } = comparison;
  const rest = restBetween();
  const changes: ModelChange[] = [];
  const texts: PriceText[] = [];
  const unstorable: ModelChange[] = [];
  const skipped = [...list.skipped];
  const listed = listedModels(list, at);
  for (const model of listed) {
    await rest();
    const change = changeOf(model, comparison);
    if (!change) continue;
    const stored = textsOf(change, list, (alias) => isFreeFor(alias, model, comparison));
    if (typeof stored === "string") {
      skipped.push({ provider: model.provider, model: model.model, path: null, why: stored });
      // Only an impossible price is a doubt: none of the others becomes a price of the book.
      unstorable.push({ ...change, rates: [] });
      continue;
    }
    changes.push(change);
    texts.push(...stored);
  }
  const gone: ModelName[] = [];
  for (const { provider, model } of goneFrom(list, models, at)) {
    await rest();
    const row = book.sheet({ provider, model, at })?.row;
    if (row?.source === list.source && row.model.toLowerCase() === model.toLowerCase())
      gone.push({ provider, model });
  }
  const doubts = [...doubtsAbout(list, { gone, at })];
  for (const change of [...changes, ...unstorable].toSorted(byName)) {
    await rest();
    doubts.push(...doubtsOf(change));
  }
  return {
    changes: changes.toSorted(byName),
    texts,
    unchanged: listed.length - changes.length - (skipped.length - list.skipped.length),
    gone: gone.toSorted(byName),
    skipped,
    doubts,
  };
}

/** @returns The texts, or why the ledger could not read them again. */
function textsOf(
  { rows, model }: ModelChange,
  list: StatedList,
  isOwn: (alias: string) => boolean,
): readonly PriceText[] | string {
  if (model.includes("*")) return "has an id that names several models";
  try {
    return rows.map((row) => {
      const { aliases = [], ...own } = formatRow(row);
      const kept = aliases.filter(isOwn);
      const text = { ...own, ...(kept.length > 0 && { aliases: kept }) };
      refuseControls(text, "");
      rowOfText(text, list);
      return text;
    });
  } catch (error) {
    if (!(error instanceof PurserError)) throw error;
    return `has a price that cannot be stored: ${error.message}`;
  }
}

/** An alias of one model must not change the price of another, which no one would be shown. */
function isFreeFor(
  alias: string,
  { provider, model }: ModelName,
  { book, at }: BookInForce,
): boolean {
  const row = book.sheet({ provider, model: alias, at })?.row;
  return !row || row.model.toLowerCase() === model.toLowerCase();
}

function byName(left: ModelName, right: ModelName): number {
  const name = left.provider === right.provider ? "model" : "provider";
  return left[name] < right[name] ? -1 : left[name] > right[name] ? 1 : 0;
}
