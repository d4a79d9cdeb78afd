/** Finds the price rows that may apply to a model, in order of preference. */

import { isCloser, matchPrefix, matchSpellings, type IdMatch } from "./id/id-rule.ts";
import { hasOpenWeights, looser, spellingsOf, type Spelling } from "./id/model-id.ts";
import { rowIndex } from "./row-index.ts";
import type { Match } from "./row/rate.ts";
import type { CatalogueRow } from "./row/row.ts";
import { overrideRow, type PriceOverride } from "./text/override.ts";

/** The rows of a provider, built on first use. */
export type RowSource = (provider: string) => readonly CatalogueRow[];

export interface CandidateOptions {
  /** In order of precedence: rows of an earlier source win. */
  readonly sources: readonly RowSource[];
  /** Later ones win; all take precedence over the sources. */
  readonly overrides?: readonly PriceOverride[];
  /**
   * Maps a provider's name to its ids in the catalogue, in order of look-up; defaults to the name
   * itself.
   */
  readonly providerIds?: (provider: string) => readonly string[];
  /** The model behind a name that a user chose at a provider (an Azure deployment). */
  readonly deploymentOf?: (provider: string, name: string) => string | undefined;
  /** Fees that an override leaves out (web search). */
  readonly supplements?: (provider: string) => CatalogueRow["supplements"];
}

/** A row of a model, at some time. */
export interface Candidate {
  readonly row: CatalogueRow;
  readonly match: Match;
}

/** The time of a call decides which of the candidates is valid. */
export function candidateFinder(
  options: CandidateOptions,
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

interface Found extends IdMatch {
  readonly row: CatalogueRow;
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
