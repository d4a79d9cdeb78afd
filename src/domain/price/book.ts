/**
 * The price book: finds the prices of a model at a given time, among overrides and catalogue rows.
 */

import { PairMemo } from "../memo.ts";
import { ceilingFinder, type Listing, type UnlistedRule } from "./ceiling.ts";
import { isCloser, matchPrefix, matchSpellings, type IdMatch } from "./id/id-rule.ts";
import { hasOpenWeights, looser, maxIdLength, spellingsOf, type Spelling } from "./id/model-id.ts";
import { rowIndex } from "./row-index.ts";
import { overrideRow, type PriceOverride } from "./text/override.ts";
import { isValidAt, type CatalogueRow } from "./row/row.ts";
import { makeRowSheet, type RowState } from "./row-sheet.ts";
import { lookAheadMs, nextScheduleEdge, scheduledRates } from "./row/schedule.ts";
import type { PriceBook, PriceSheet } from "./sheet.ts";
import type { Match } from "./row/rate.ts";
import { anywhere } from "./row/terms.ts";

/** The rows of a provider, built on first use. */
export type RowSource = (provider: string) => readonly CatalogueRow[];

export interface PriceBookOptions {
  /** In order of precedence: rows of an earlier source win. */
  readonly sources: readonly RowSource[];
  /** Later ones win; all take precedence over the sources. */
  readonly overrides?: readonly PriceOverride[];
  /** Identifies the sources. */
  readonly version: string;
  /**
   * Maps a provider's name to its ids in the catalogue, in order of look-up; defaults to the name
   * itself.
   */
  readonly providerIds?: (provider: string) => readonly string[];
  /** The model behind a name that a user chose at a provider (an Azure deployment). */
  readonly deploymentOf?: (provider: string, name: string) => string | undefined;
  /**
   * The region in which a provider's calls must be processed; null if the provider decides.
   * Defaults to anywhere.
   */
  readonly regionOf?: (provider: string) => string | null;
  /** Fees that an override leaves out (web search). */
  readonly supplements?: (provider: string) => CatalogueRow["supplements"];
  /** What bounds a provider's models without a price; by default nothing. */
  readonly unlisted?: (provider: string) => UnlistedRule;
}

/** Callers choose model names, so this cache is bounded. */
const mostRemembered = 10_000;

interface Found extends IdMatch {
  readonly row: CatalogueRow;
}

interface Candidate {
  readonly row: CatalogueRow;
  readonly match: Match;
}

interface Remembered {
  readonly candidates: readonly Candidate[];
  sheet: PriceSheet | undefined;
  since: number;
  until: number;
}

export function makePriceBook(options: PriceBookOptions): PriceBook {
  const overrides = options.overrides ?? [];
  const find = candidateFinder(options);
  const regionOf = options.regionOf ?? ((): string => anywhere);
  const known = new PairMemo<string, string, Remembered>(mostRemembered);

  const remember = (provider: string, model: string): Remembered => {
    const entry: Remembered = {
      candidates: find(provider, model),
      sheet: undefined,
      since: 0,
      until: 0,
    };
    return model.length > maxIdLength ? entry : known.keep(provider, model, entry);
  };

  const sheet: PriceBook["sheet"] = ({ provider, model, at }) => {
    const entry = known.get(provider, model) ?? remember(provider, model);
    if (at >= entry.since && at < entry.until) return entry.sheet;
    const found = sheetAt(entry.candidates, { model, at, region: regionOf(provider) });
    // Queries about the past do not evict the sheet in current use.
    if (at >= entry.until) Object.assign(entry, found);
    return found.sheet;
  };

  return {
    version:
      overrides.length === 0
        ? options.version
        : `${options.version}+${overrides.length}.${digest(JSON.stringify(overrides))}`,

    sheet,
    ceiling: ceilingFinder({
      rule: options.unlisted ?? ((): UnlistedRule => "none"),
      list: (provider, at) => listingAt(options, { provider, at, sheet }),
    }),
  };
}

interface Listed {
  readonly provider: string;
  readonly at: number;
  readonly sheet: PriceBook["sheet"];
}

/** The current sheets of the provider's own list, and of every model with a stated price. */
function listingAt(options: PriceBookOptions, { provider, at, sheet }: Listed): Listing {
  const { overrides = [], providerIds, regionOf = (): string => anywhere, sources } = options;
  const id = providerIds?.(provider)[0] ?? provider;
  const stated = overrides.map((override) => overrideRow(override, undefined));
  const own = stated.flatMap(({ model }) => sheet({ provider, model, at }) ?? []);
  const replaced = new Set(own.map(({ model }) => model.toLowerCase()));
  const byModel = Map.groupBy(
    sources.flatMap((source) => source(id)),
    ({ model }) => model.toLowerCase(),
  );
  const listed = [...byModel]
    .filter(([model]) => !replaced.has(model))
    .map(([model, rows]) =>
      sheetAt(
        rows.map((row): Candidate => ({ row, match: "exact" })),
        { model, at, region: regionOf(provider) },
      ),
    );
  return {
    sheets: [...own, ...listed.flatMap((found) => found.sheet ?? [])],
    until: Math.min(
      Infinity,
      ...stated.map((row) => nextChange(row, at)),
      ...own.map(({ validUntil }) => validUntil),
      ...listed.map(({ until }) => until),
    ),
  };
}

/** Finds candidate rows in order of preference; the time of the call decides which is valid. */
function candidateFinder(
  options: PriceBookOptions,
): (provider: string, model: string) => readonly Candidate[] {
  const providerIds = options.providerIds ?? ((provider: string): readonly string[] => [provider]);
  const isSame = (stated: string, asked: string, ids: readonly string[]): boolean =>
    stated === asked || stated === ids[0] || providerIds(stated)[0] === asked;
  const stated = (options.overrides ?? [])
    .map((override) => overrideRow(override, options.supplements?.(override.row.provider)))
    // Later rows win; the sort by closeness is stable.
    .reverse();

  return (provider, asked) => {
    const model = options.deploymentOf?.(provider, asked) ?? asked;
    const isDeployment = model !== asked;
    const [id = provider, ...vendors] = providerIds(provider);
    const ids = [id, ...vendors];
    const spellings = withoutMaker(spellingsOf(model), [provider.toLowerCase(), id]);
    const listed = (of: string): readonly Candidate[] =>
      options.sources.flatMap((source) => matching(source(of), spellings));
    // A deployment may have a price of its own.
    const users = [asked, ...(isDeployment ? [model] : [])].flatMap((name) =>
      matchingStated(
        stated.filter((row) => isSame(row.provider, provider, ids)),
        name,
      ),
    );
    // Hosts of open models set their own prices; a vendor's models cost the same everywhere.
    const borrowed = hasOpenWeights(model) ? [] : vendors.flatMap(listed);
    return [
      ...users,
      ...listed(id).map(({ row, match }): Candidate => ({
        row,
        match: isDeployment ? "alias" : match,
      })),
      ...borrowed
        .filter(({ match }) => match !== "prefix")
        .map(({ row }): Candidate => ({ row, match: "fallback" })),
    ];
  };
}

/** A user's price applies only to the ids that it names, or to all that begin with its prefix. */
function matchingStated(rows: readonly CatalogueRow[], model: string): readonly Candidate[] {
  const asked = spellingsOf(model).slice(0, 1);
  return sorted(
    rows.flatMap((row) => {
      const match = row.model.endsWith("*")
        ? matchPrefix(row.model.slice(0, -1), model)
        : matchRow(row, asked);
      return match ? [{ ...match, row }] : [];
    }),
  );
}

/** A provider's own models may have its name in front: `google/gemini-2.5-flash` at Google. */
function withoutMaker(
  spellings: readonly Spelling[],
  makers: readonly string[],
): readonly Spelling[] {
  const known = new Set(spellings.map(({ name }) => name));
  const bare = spellings.flatMap(({ name, naming, distance }): readonly Spelling[] => {
    const maker = makers.find((one) => name.startsWith(`${one}/`));
    if (maker === undefined || known.has(name.slice(maker.length + 1))) return [];
    const rest = name.slice(maker.length + 1);
    return [{ name: rest, naming: looser(naming, "alias"), distance: distance + 1 }];
  });
  return [...spellings, ...bare];
}

function matching(
  rows: readonly CatalogueRow[],
  spellings: readonly Spelling[],
): readonly Candidate[] {
  return sorted(
    rowIndex(rows)
      .named(spellings)
      .flatMap((row) => {
        const match = matchRow(row, spellings);
        return match ? [{ ...match, row }] : [];
      }),
  );
}

/** An id that a row lists besides its own is an alias, or a snapshot if it adds a date. */
function matchRow(row: CatalogueRow, spellings: readonly Spelling[]): IdMatch | undefined {
  const name = row.model.toLowerCase();
  const own = spellings.find((spelling) => spelling.name === name);
  const found = matchSpellings(row.ids, spellings);
  if (own && own.naming !== "prefix" && own.distance <= (found?.distance ?? Infinity))
    return { match: own.naming, distance: own.distance };
  if (found?.match !== "exact") return found;
  // Of two rows, the one whose own id it is wins.
  const distance = found.distance + 1;
  return { match: own?.naming === "snapshot" ? "snapshot" : "alias", distance };
}

/** Stable: the first of equally close rows wins. */
function sorted(found: readonly Found[]): readonly Found[] {
  return found.toSorted((left, right) =>
    isCloser(left, right) ? -1 : isCloser(right, left) ? 1 : 0,
  );
}

interface Asked {
  readonly model: string;
  readonly at: number;
  readonly region: string | null;
}

function sheetAt(
  candidates: readonly Candidate[],
  { model, at, region }: Asked,
): Omit<Remembered, "candidates"> {
  const { since, until } = stretchAround(candidates, at);
  const chosen = rowAt(candidates, at);
  if (!chosen) return { sheet: undefined, since, until };
  const sheet = makeRowSheet({
    model,
    state: stateAt(chosen, at),
    next: upcoming(candidates, chosen, at),
    validSince: since,
    validUntil: until,
    region,
    contextWindow: firstOf(candidates, chosen, "contextWindow"),
    maxOutputTokens: firstOf(candidates, chosen, "maxOutputTokens"),
    sheetAt: (other) => sheetAt(candidates, { model, at: other, region }).sheet,
  });
  return { sheet, since, until };
}

function rowAt(candidates: readonly Candidate[], at: number): Candidate | undefined {
  return candidates.find(({ row }) => isValidAt(row, at));
}

function stateAt({ row, match }: Candidate, at: number): RowState {
  return { row, match, scheduled: row.schedules && scheduledRates(row.schedules, at) };
}

/**
 * The interval around `at` in which no price changes, including those a call could still run into.
 */
function stretchAround(
  candidates: readonly Candidate[],
  at: number,
): { since: number; until: number } {
  const changes = candidates.map(({ row }) => nextChange(row, at));
  const ahead = candidates.map(({ row }) => nextChange(row, at + lookAheadMs) - lookAheadMs);
  return { since: at, until: Math.min(Infinity, ...changes, ...ahead) };
}

function nextChange(row: CatalogueRow, at: number): number {
  const edges = [
    row.validFrom ?? Infinity,
    row.validTo ?? Infinity,
    nextScheduleEdge(row.schedules ?? [], at),
  ];
  return Math.min(...edges.filter((edge) => edge > at), Infinity);
}

/** Rows that become valid before a call starting at `at` must have ended. */
function upcoming(
  candidates: readonly Candidate[],
  chosen: Candidate,
  at: number,
): readonly RowState[] {
  const states: RowState[] = [];
  let previous = stateAt(chosen, at);
  for (
    let edge = nextOf(candidates, at);
    edge <= at + lookAheadMs;
    edge = nextOf(candidates, edge)
  ) {
    const found = rowAt(candidates, edge);
    if (!found) continue;
    const state = stateAt(found, edge);
    if (state.row !== previous.row || state.scheduled !== previous.scheduled) states.push(state);
    previous = state;
  }
  return states;
}

function nextOf(candidates: readonly Candidate[], at: number): number {
  return Math.min(Infinity, ...candidates.map(({ row }) => nextChange(row, at)));
}

/** An override has no model limits, so they come from the next row with an equally close match. */
function firstOf(
  candidates: readonly Candidate[],
  chosen: Candidate,
  limit: "contextWindow" | "maxOutputTokens",
): number | undefined {
  if (chosen.row[limit] !== undefined) return chosen.row[limit];
  return candidates.find(({ row, match }) => match !== "prefix" && row[limit] !== undefined)?.row[
    limit
  ];
}

/** FNV-1a, to distinguish lists of overrides in a version name; not for security. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
