/** Matches model ids to the names of a price row, and rates how close each match is. */

import { geographyDistance, looser, spellingsOf, type Naming, type Spelling } from "./model-id.ts";

/**
 * The names of a row. Matching is case-insensitive. Regular expressions come from pinned data,
 * never from a caller.
 */
export type IdRule =
  | { readonly equals: string }
  | { readonly startsWith: string }
  | { readonly endsWith: string }
  | { readonly contains: string }
  | { readonly regex: RegExp }
  | { readonly any: readonly IdRule[] }
  | { readonly all: readonly IdRule[] };

/** How an id matched. */
export interface IdMatch {
  readonly match: Naming;
  /** How much of the id the name leaves out, as in {@link Spelling}. */
  readonly distance: number;
}

/** What may precede a name that a rule finds anywhere: `us.anthropic.`, `models/`. */
const harmlessPrefix = /^(?:[a-z0-9-]+[./])*$/;

/** The end of a name that stops within a date: `gpt-5-nano-`, `claude-sonnet-4-2025`. */
const begunDate = /[-@](?:20\d{2}(?:-\d{0,2})*)?$/;

/**
 * Only ids of the same model match. A name followed by anything but a date or a variant is another
 * version, size or mode, with a price of its own.
 *
 * @param id As written by the caller or the provider.
 * @returns undefined if no part of the rule matches.
 */
export function matchId(rule: IdRule, id: string): IdMatch | undefined {
  return matchSpellings(rule, spellingsOf(id));
}

/** @param spellings Of one id, from {@link spellingsOf}. */
export function matchSpellings(rule: IdRule, spellings: readonly Spelling[]): IdMatch | undefined {
  if ("any" in rule) return closest(rule.any, spellings);
  if ("all" in rule) return loosest(rule.all, spellings);
  let best: IdMatch | undefined;
  for (const spelling of spellings) {
    const found = matchLeaf(rule, spelling);
    if (found && (!best || isCloser(found, best))) best = found;
  }
  return best;
}

/** Matches every id that begins with a prefix stated by a user. A longer prefix is closer. */
export function matchPrefix(prefix: string, id: string): IdMatch | undefined {
  return id.toLowerCase().trim().startsWith(prefix.toLowerCase())
    ? { match: "prefix", distance: prefixDistance - prefix.length }
    : undefined;
}

/** More than the distance of any spelling, so a name takes precedence over a prefix. */
const prefixDistance = 1000;

/** Whether the left match is closer than the right one. */
export function isCloser(left: IdMatch, right: IdMatch): boolean {
  return left.distance < right.distance;
}

/** The rule for one id and others of the same model. */
export function equalsAny(id: string, ...aliases: readonly string[]): IdRule {
  return { any: [id, ...aliases].map((name) => ({ equals: name })) };
}

/** The ids that a rule names one by one; patterns and prefixes name none. */
export function namedIds(rule: IdRule): readonly string[] {
  if ("equals" in rule) return [rule.equals];
  return "any" in rule ? [...new Set(rule.any.flatMap(namedIds))] : [];
}

type Leaf = Exclude<IdRule, { any: readonly IdRule[] } | { all: readonly IdRule[] }>;

function matchLeaf(rule: Leaf, spelling: Spelling): IdMatch | undefined {
  const { name, naming, distance } = spelling;
  if ("startsWith" in rule) return beginning(rule.startsWith.toLowerCase(), spelling);
  if (naming === "prefix") return undefined;
  if ("equals" in rule)
    return name === rule.equals.toLowerCase() ? { match: naming, distance } : undefined;
  if ("regex" in rule)
    return naming === "exact" && rule.regex.test(name) ? { match: "alias", distance } : undefined;
  const text = ("endsWith" in rule ? rule.endsWith : rule.contains).toLowerCase();
  if (!name.endsWith(text)) return undefined;
  const before = name.slice(0, name.length - text.length);
  if (!harmlessPrefix.test(before)) return undefined;
  const left = before === "" ? 0 : geographyDistance;
  return { match: looser(naming, "alias"), distance: distance + left };
}

function beginning(text: string, { name, naming, distance }: Spelling): IdMatch | undefined {
  if (name === text) return { match: looser(naming, "alias"), distance };
  return naming === "snapshot" && name === text.replace(begunDate, "")
    ? { match: naming, distance }
    : undefined;
}

/** The names, in lower case, that {@link matchSpellings} accepts for `startsWith`. */
export function beginningsOf(text: string): readonly string[] {
  const name = text.toLowerCase();
  return [name, name.replace(begunDate, "")];
}

function closest(rules: readonly IdRule[], spellings: readonly Spelling[]): IdMatch | undefined {
  let best: IdMatch | undefined;
  for (const rule of rules) {
    const found = matchSpellings(rule, spellings);
    if (found && (best === undefined || isCloser(found, best))) best = found;
  }
  return best;
}

/** Every part must match. The match is as close as that of the loosest part. */
function loosest(rules: readonly IdRule[], spellings: readonly Spelling[]): IdMatch | undefined {
  let worst: IdMatch | undefined;
  for (const rule of rules) {
    const found = matchSpellings(rule, spellings);
    if (!found) return undefined;
    if (worst === undefined || isCloser(worst, found)) worst = found;
  }
  return worst;
}
