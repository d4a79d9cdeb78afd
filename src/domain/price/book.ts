/**
 * The price book: finds the prices of a model at a given time, among overrides and catalogue rows.
 */

import { PairMemo } from "../memo.ts";
import { ceilingFinder, type Listing, type UnlistedRule } from "./ceiling.ts";
import { candidateFinder, type Candidate, type CandidateOptions } from "./candidate.ts";
import { maxIdLength } from "./id/model-id.ts";
import { overrideRow } from "./text/override.ts";
import { isValidAt, type CatalogueRow } from "./row/row.ts";
import { makeRowSheet, type RowState, type UpcomingState } from "./row-sheet.ts";
import { lookAheadMs, nextScheduleEdge, scheduledRates } from "./row/schedule.ts";
import type { PriceBook, PriceSheet } from "./sheet.ts";
import { anywhere } from "./row/terms.ts";

export interface PriceBookOptions extends CandidateOptions {
  /** Identifies the sources. */
  readonly version: string;
  /**
   * The region in which a provider's calls must be processed; null if the provider decides.
   * Defaults to anywhere.
   */
  readonly regionOf?: (provider: string) => string | null;
  /** What bounds a provider's models without a price; by default nothing. */
  readonly unlisted?: (provider: string) => UnlistedRule;
}

/** Callers choose model names, so this cache is bounded. */
const mostRemembered = 10_000;

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
    rowUntil: () => endOfRow(candidates, chosen, at),
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
): readonly UpcomingState[] {
  const states: UpcomingState[] = [];
  let previous = stateAt(chosen, at);
  for (
    let edge = nextOf(candidates, at);
    edge <= at + lookAheadMs;
    edge = nextOf(candidates, edge)
  ) {
    const found = rowAt(candidates, edge);
    if (!found) continue;
    const state = stateAt(found, edge);
    if (state.row !== previous.row || state.scheduled !== previous.scheduled)
      states.push({ ...state, from: edge });
    previous = state;
  }
  return states;
}

function endOfRow(candidates: readonly Candidate[], { row }: Candidate, at: number): number {
  const edges = candidates.flatMap(({ row: { validFrom = at, validTo = at } }) => [
    validFrom,
    validTo,
  ]);
  const later = [...new Set(edges)].filter((edge) => edge > at).sort((left, right) => left - right);
  return later.find((edge) => rowAt(candidates, edge)?.row !== row) ?? Infinity;
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
