/** Compares a published list with the price book, without delaying calls. */

import { PurserError } from "../../domain/error.ts";
import {
  changeOf,
  goneFrom,
  listedModels,
  ownRows,
  withoutRepeats,
  type ListedModel,
  type BookedModel,
  type BookInForce,
  type ModelChange,
  type StatedList,
} from "../../domain/price/update/list-change.ts";
import { doubtsAbout, doubtsOf, type Doubt } from "../../domain/price/update/list-doubt.ts";
import { formatRow, refuseControls, type PriceText } from "../../domain/price/text/row-text.ts";
import type { ModelName } from "../../domain/price/served.ts";
import { chargesTokensAlike } from "../../domain/price/row/row.ts";
import { rowOfText } from "../../domain/price/update/price-update.ts";
import { asSnapshot, ListedModels } from "../../domain/price/update/snapshot.ts";
import { restBetween } from "./rest.ts";

export interface ListDifferences {
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

export async function compareWithBook(
  published: StatedList,
  comparison: Comparison,
): Promise<ListDifferences> {
  const list = withoutRepeats(published);
  const rest = restBetween();
  const found = await changesOf(list, comparison, rest);
  const { changes, texts, unstorable, skipped, unchanged } = found;
  const following = new Set(found.snapshots.map(nameOf));
  const gone = (await goneOf(list, comparison, rest)).filter((one) => !following.has(nameOf(one)));
  const doubts = [...doubtsAbout(list, { gone, at: comparison.at })];
  for (const change of [...changes, ...unstorable].toSorted(byName)) {
    await rest();
    doubts.push(...doubtsOf(change));
  }
  return {
    changes: changes.toSorted(byName),
    texts,
    unchanged,
    gone,
    skipped: [...list.skipped, ...skipped],
    doubts,
  };
}

type Rest = ReturnType<typeof restBetween>;

interface Changes extends Pick<ListDifferences, "changes" | "texts" | "skipped" | "unchanged"> {
  /** Only an impossible price of these is a doubt: none of the others becomes a price of the book. */
  readonly unstorable: readonly ModelChange[];
  /** What the list leaves out, and follows a model that it has. */
  readonly snapshots: readonly ModelName[];
}

async function changesOf(list: StatedList, comparison: Comparison, rest: Rest): Promise<Changes> {
  const [changes, unstorable]: [ModelChange[], ModelChange[]] = [[], []];
  const texts: PriceText[] = [];
  const skipped: StatedList["skipped"][number][] = [];
  const same: ListedModel[] = [];
  const listed = listedModels(list, comparison.at);
  const booked = await bookedAs(listed, comparison, rest);
  const snapshots = await unlistedSnapshots({ list, listed, booked }, comparison, rest);
  for (const model of [...listed, ...snapshots]) {
    await rest();
    const change = changeOf(model, comparison);
    if (!change) {
      if (!snapshots.includes(model)) same.push(model);
      continue;
    }
    const stored = textsOf(change, list, (alias) => isFreeFor(alias, model, comparison));
    if (typeof stored === "string") {
      skipped.push({ provider: model.provider, model: model.model, path: null, why: stored });
      unstorable.push({ ...change, rates: [] });
      continue;
    }
    changes.push(change);
    texts.push(...stored);
  }
  const changed = new Set(changes.map(nameOf));
  for (const model of same.filter((one) => changed.has(booked.rowOf.get(one) ?? ""))) {
    await rest();
    const stored = textsOf({ ...model, rows: ownRows(model, comparison) }, list, () => false);
    if (typeof stored !== "string") texts.push(...stored);
  }
  return { changes, texts, skipped, unstorable, unchanged: same.length, snapshots };
}

/** Which rows of the book price the models of a list. */
interface Booked {
  /** The name of another model whose row a listed one has. */
  readonly rowOf: ReadonlyMap<ListedModel, string>;
  /** The listed models that have the row of another one, by its name. */
  readonly sharing: ReadonlyMap<string, readonly ListedModel[]>;
}

async function bookedAs(
  listed: readonly ListedModel[],
  { book, at }: Comparison,
  rest: Rest,
): Promise<Booked> {
  const rowOf = new Map<ListedModel, string>();
  for (const one of listed) {
    await rest();
    const { provider, model } = one;
    const row = book.sheet({ provider, model, at })?.row;
    if (row && row.model.toLowerCase() !== model.toLowerCase())
      rowOf.set(one, nameOf({ provider, model: row.model }));
  }
  return { rowOf, sharing: Map.groupBy(rowOf.keys(), (one) => rowOf.get(one) ?? "") };
}

interface Unlisted {
  readonly list: StatedList;
  readonly listed: readonly ListedModel[];
  readonly booked: Booked;
}

/**
 * A list may leave out the dated snapshots of a model that it has. They follow its price if it was
 * theirs: a provider answers by the id of a snapshot. The row of one may also price ids that the list
 * has, such as those of its regions: it follows only if all of them have the same new price.
 */
async function unlistedSnapshots(
  { list, listed, booked }: Unlisted,
  { book, models, at }: Comparison,
  rest: Rest,
): Promise<readonly ListedModel[]> {
  const found: ListedModel[] = [];
  const known = new ListedModels(listed);
  const skipped = new Set(list.skipped.map(nameOf));
  for (const { provider, model } of models) {
    await rest();
    if (skipped.has(nameOf({ provider, model }))) continue;
    const main = known.modelOf({ provider, model });
    const [own, its] = [model, main?.model].map(
      (name) => name !== undefined && book.sheet({ provider, model: name, at }),
    );
    if (!main || !own || !its || own.row.model.toLowerCase() !== model.toLowerCase()) continue;
    const sharing = booked.sharing.get(nameOf({ provider, model })) ?? [];
    if (chargesTokensAlike(own.row, its.row) && sharing.every((one) => isPricedAs(main, one)))
      found.push(asSnapshot(main, { provider, model }));
  }
  return found;
}

function isPricedAs({ rows: [main] }: ListedModel, { rows: [other] }: ListedModel): boolean {
  return main !== undefined && other !== undefined && chargesTokensAlike(main, other);
}

/** The models whose price came from this list, which no longer has them. By name. */
async function goneOf(
  list: StatedList,
  { book, models, at }: Comparison,
  rest: Rest,
): Promise<readonly ModelName[]> {
  const gone: ModelName[] = [];
  for (const { provider, model } of goneFrom(list, models, at)) {
    await rest();
    const row = book.sheet({ provider, model, at })?.row;
    if (row?.source === list.source && row.model.toLowerCase() === model.toLowerCase())
      gone.push({ provider, model });
  }
  return gone.toSorted(byName);
}

function nameOf({ provider, model }: ModelName): string {
  return `${provider} ${model.toLowerCase()}`;
}

/** @returns The texts, or why the ledger could not read them again. */
function textsOf(
  { rows, model }: ListedModel,
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

/** An alias of one model must not change the price of another: no list of changes would show it. */
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
