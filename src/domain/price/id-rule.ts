/** Matches model ids to price rows, and rates how close each match is. */

import type { Match } from "./rate.ts";

/** Matching is case-insensitive. Regular expressions come from pinned data, never from a caller. */
export type IdRule =
  | { readonly equals: string }
  | { readonly startsWith: string }
  | { readonly endsWith: string }
  | { readonly contains: string }
  | { readonly regex: RegExp }
  | { readonly any: readonly IdRule[] }
  | { readonly all: readonly IdRule[] };

/** How an id matched; the longer the matching text, the better a `prefix`. */
export interface IdMatch {
  readonly match: Match;
  readonly length: number;
}

/** Longer ids never match: no provider has them, and matching must stay cheap for any input. */
export const maxIdLength = 200;

const strength: Readonly<Record<Match, number>> = { fallback: -1, exact: 2, rule: 1, prefix: 0 };

/**
 * Suffixes of a known id that still name the same model: a date (`-20250929`, `@20250929`,
 * `-2025-08-07`), a build or revision (`-001`, `-0125`, `-v1:0`), `-latest`, or an OpenRouter
 * variant (`:free`). A single number (`-5`, as in `claude-sonnet-5-5`) is excluded: it names the
 * next model.
 */
const harmlessSuffix =
  /^(?:[-@]20\d{2}-?\d{2}-?\d{2}|-\d{3,4}|[-@]latest|[-@]default|-v\d+|:\d+|:[a-z]+){0,3}$/;

/**
 * Allowed prefixes of a known id: region and vendor, as Bedrock and routers write them
 * (`us.anthropic.`, `models/`).
 */
const harmlessPrefix = /^(?:[a-z0-9-]+[./])*$/;

const compactDate = /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;

/**
 * @param id As written by the caller or the provider.
 * @returns undefined if no part of the rule matches.
 */
export function matchId(rule: IdRule, id: string): IdMatch | undefined {
  if (id.length > maxIdLength) return undefined;
  const name = id.toLowerCase().trim();
  // Some lists write all dates with dashes: gpt-4o-20240806 is gpt-4o-2024-08-06.
  return evaluate(rule, name) ?? evaluate(rule, name.replace(compactDate, "-$1-$2-$3"));
}

/** Whether the left match is closer than the right one. */
export function isCloser(left: IdMatch, right: IdMatch): boolean {
  if (left.match !== right.match) return strength[left.match] > strength[right.match];
  return left.match === "prefix" && left.length > right.length;
}

/** The rule for one id and its dated snapshots. */
export function idWithDates(id: string, ...aliases: readonly string[]): IdRule {
  const names = [id, ...aliases];
  return {
    any: [
      ...names.map((name) => ({ equals: name })),
      ...names.map((name) => ({ regex: datedId(name) })),
    ],
  };
}

function datedId(id: string): RegExp {
  return new RegExp(`^${RegExp.escape(id)}[-@]20\\d{2}-?\\d{2}-?\\d{2}$`);
}

function evaluate(rule: IdRule, name: string): IdMatch | undefined {
  if ("equals" in rule)
    return name === rule.equals.toLowerCase() ? { match: "exact", length: name.length } : undefined;
  if ("regex" in rule) return rule.regex.test(name) ? { match: "rule", length: 0 } : undefined;
  if ("any" in rule) return closest(rule.any, name);
  if ("all" in rule) return weakest(rule.all, name);
  return literal(rule, name);
}

function literal(
  rule: Extract<IdRule, { startsWith: string } | { endsWith: string } | { contains: string }>,
  name: string,
): IdMatch | undefined {
  const text = (
    "startsWith" in rule ? rule.startsWith : "endsWith" in rule ? rule.endsWith : rule.contains
  ).toLowerCase();
  const index = "endsWith" in rule ? name.length - text.length : name.indexOf(text);
  if (index < 0 || !name.startsWith(text, index) || ("startsWith" in rule && index > 0))
    return undefined;
  const before = name.slice(0, index);
  const after = name.slice(index + text.length);
  const named =
    harmlessPrefix.test(before) && (harmlessSuffix.test(after) || isDateCompletion(text, after));
  return { match: named ? "rule" : "prefix", length: text.length };
}

/** A rule may end within a date: `gpt-5-nano-`, `ft:gpt-4o-2024-`, `claude-sonnet-4-2025`. */
function isDateCompletion(text: string, after: string): boolean {
  const begun = /[-@](?:20\d{2}(?:-\d{0,2})*)?$/.exec(text)?.[0];
  return begun !== undefined && harmlessSuffix.test(begun + after);
}

function closest(rules: readonly IdRule[], name: string): IdMatch | undefined {
  let best: IdMatch | undefined;
  for (const rule of rules) {
    const found = evaluate(rule, name);
    if (found && (best === undefined || isCloser(found, best))) best = found;
  }
  return best;
}

/** A regular expression next to a text only excludes ids: it does not make the match closer. */
function weakest(rules: readonly IdRule[], name: string): IdMatch | undefined {
  let worst: IdMatch | undefined;
  for (const rule of rules) {
    const found = evaluate(rule, name);
    if (!found) return undefined;
    if (worst === undefined || strength[found.match] < strength[worst.match])
      worst = { match: found.match, length: Math.max(found.length, worst?.length ?? 0) };
  }
  return worst;
}
