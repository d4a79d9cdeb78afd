/** Finds the price sheet of a model at a moment, among overrides and catalogue rows. */

import { PairMemo } from "../memo.ts";
import type { PriceOverride } from "./rate.ts";
import { isCloser, matchId, maxIdLength, type IdMatch } from "./id-rule.ts";
import { overrideRow } from "./override.ts";
import type { CatalogueRow } from "./row.ts";
import { makeRowSheet, type RowState } from "./row-sheet.ts";
import { nextScheduleEdge, scheduledRates } from "./schedule.ts";
import type { PriceBook, PriceSheet } from "./sheet.ts";
import { anywhere } from "./terms.ts";

/** The rows of a provider, made when they are first asked for. */
export type RowSource = (provider: string) => readonly CatalogueRow[];

export interface PriceBookOptions {
  /** Asked in this order: a row of an earlier source wins. */
  readonly sources: readonly RowSource[];
  /** Later ones win; all of them before the sources. */
  readonly overrides?: readonly PriceOverride[];
  /** Names the sources. */
  readonly version: string;
  /** The catalogue's ids of a provider, as it is called elsewhere, in the order in which to look; by default its own name. */
  readonly providerIds?: (provider: string) => readonly string[];
  /** Where a provider's calls must be processed; null where the provider decides. Anywhere by default. */
  readonly regionOf?: (provider: string) => string | null;
  /** Fees that an override does not state (web search). */
  readonly supplements?: (provider: string) => CatalogueRow["supplements"];
}

/**
 * A call that begins shortly before a price changes may end after it. Sheets bound their calls by what holds this much later, too.
 * Longer than providers let one call last (10 minutes is the usual limit of their SDKs).
 */
export const lookAheadMs = 3_600_000;

/** Callers choose model names: what is remembered of them is bounded. */
const mostRemembered = 10_000;

interface Candidate extends IdMatch {
  readonly row: CatalogueRow;
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
    const entry: Remembered = { candidates: find(provider, model), sheet: undefined, since: 0, until: 0 };
    return model.length > maxIdLength ? entry : known.keep(provider, model, entry);
  };

  return {
    version: overrides.length === 0 ? options.version : `${options.version}+${overrides.length}.${digest(JSON.stringify(overrides))}`,

    sheet({ provider, model, at }) {
      const entry = known.get(provider, model) ?? remember(provider, model);
      if (at >= entry.since && at < entry.until) return entry.sheet;
      const found = sheetAt(entry.candidates, { model, at, region: regionOf(provider) });
      // Questions about the past do not push out the sheet that calls use.
      if (at >= entry.until) Object.assign(entry, found);
      return found.sheet;
    },
  };
}

/** Candidates in the order in which they are preferred; which of them holds is a question of time. */
function candidateFinder(options: PriceBookOptions): (provider: string, model: string) => readonly Candidate[] {
  const providerIds = options.providerIds ?? ((provider: string): readonly string[] => [provider]);
  const isSame = (stated: string, asked: string, ids: readonly string[]): boolean =>
    stated === asked || stated === ids[0] || providerIds(stated)[0] === asked;
  const stated = (options.overrides ?? [])
    .map((override) => overrideRow(override, options.supplements?.(override.provider)))
    // Later rows win, and the sort by closeness keeps the order of equals.
    .reverse();

  return (provider, model) => {
    const ids = providerIds(provider);
    const own = stated.filter((row) => isSame(row.provider, provider, ids));
    const listed = ids.flatMap((id) => options.sources.map((source) => source(id)));
    return [own, ...listed].flatMap((rows) => matching(rows, model));
  };
}

function matching(rows: readonly CatalogueRow[], model: string): Candidate[] {
  const found: Candidate[] = [];
  for (const row of rows) {
    const match = row.model.toLowerCase() === model.toLowerCase() ? exactMatch(model) : matchId(row.ids, model);
    if (match) found.push({ ...match, row });
  }
  return found.sort((left, right) => (isCloser(left, right) ? -1 : isCloser(right, left) ? 1 : 0));
}

function exactMatch(model: string): IdMatch {
  return { match: "exact", length: model.length };
}

interface Asked {
  readonly model: string;
  readonly at: number;
  readonly region: string | null;
}

function sheetAt(candidates: readonly Candidate[], { model, at, region }: Asked): Omit<Remembered, "candidates"> {
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
  return candidates.find(({ row }) => (row.validFrom ?? -Infinity) <= at && at < (row.validTo ?? Infinity));
}

function stateAt({ row, match }: Candidate, at: number): RowState {
  return { row, match, scheduled: row.schedules && scheduledRates(row.schedules, at) };
}

/** From `at` on nothing changes before `until`, not even what a call could still run into. */
function stretchAround(candidates: readonly Candidate[], at: number): { since: number; until: number } {
  const changes = candidates.map(({ row }) => nextChange(row, at));
  const ahead = candidates.map(({ row }) => nextChange(row, at + lookAheadMs) - lookAheadMs);
  return { since: at, until: Math.min(Infinity, ...changes, ...ahead) };
}

function nextChange(row: CatalogueRow, at: number): number {
  const edges = [row.validFrom ?? Infinity, row.validTo ?? Infinity, nextScheduleEdge(row.schedules ?? [], at)];
  return Math.min(...edges.filter((edge) => edge > at), Infinity);
}

/** What holds between `at` and as far as a call may last, besides what holds now. */
function upcoming(candidates: readonly Candidate[], chosen: Candidate, at: number): readonly RowState[] {
  const states: RowState[] = [];
  let previous = stateAt(chosen, at);
  for (let edge = nextOf(candidates, at); edge <= at + lookAheadMs; edge = nextOf(candidates, edge)) {
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

/** A price that a user states says nothing of the model's limits: the next row that is as sure of the id does. */
function firstOf(candidates: readonly Candidate[], chosen: Candidate, limit: "contextWindow" | "maxOutputTokens"): number | undefined {
  if (chosen.row[limit] !== undefined) return chosen.row[limit];
  return candidates.find(({ row, match }) => match !== "prefix" && row[limit] !== undefined)?.row[limit];
}

/** FNV-1a, to tell two lists of overrides apart in a version's name; not for security. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
