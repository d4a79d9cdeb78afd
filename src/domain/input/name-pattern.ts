/**
 * Matches names of models and providers against the patterns of budgets and keys: an exact name, or
 * a prefix ending in `*`. A leading `!` excludes names.
 */

import { invalid, show } from "./fields.ts";
import { isOneLine } from "./one-line.ts";

/**
 * @returns null, which matches every name, if there are no patterns.
 * @throws PurserError `invalid_request` for an empty list, a `*` that is not at the end, or a name
 *   that is too long or has a control character.
 */
export function checkPatterns(
  patterns: readonly string[] | undefined,
  field: string,
): readonly string[] | null {
  if (patterns === undefined) return null;
  if (patterns.length === 0)
    throw invalid(
      field,
      "is an empty list, which matches nothing",
      "Leave it out to match everything.",
    );
  patterns.forEach((pattern, index) => {
    const isName = pattern.length <= 256 && isOneLine(pattern);
    if (isName && !pattern.slice(0, -1).includes("*")) return;
    throw invalid(
      `${field}[${index}]`,
      `is ${show(pattern)}`,
      "Give an exact name, or a prefix ending in *; a leading ! excludes it.",
    );
  });
  return patterns;
}

/** @param patterns null matches every name. If all of them exclude, every other name matches. */
export function matchesName(patterns: readonly string[] | null, name: string): boolean {
  return matchesNames(patterns, { included: [name], excluded: [name] });
}

/** The names of one thing: a pattern matches any of them. */
export interface Names {
  readonly included: readonly string[];
  /** Those that a pattern with a leading `!` is compared with. */
  readonly excluded: readonly string[];
}

/** As {@link matchesName}, for one thing with several names. */
export function matchesNames(patterns: readonly string[] | null, names: Names): boolean {
  if (patterns === null) return true;
  let matches = patterns.every(excludes);
  for (const pattern of patterns) {
    const isExclusion = excludes(pattern);
    const wanted = isExclusion ? pattern.slice(1) : pattern;
    const compared = isExclusion ? names.excluded : names.included;
    if (!compared.some((name) => matchesPattern(wanted, name))) continue;
    if (isExclusion) return false;
    matches = true;
  }
  return matches;
}

function excludes(pattern: string): boolean {
  return pattern.startsWith("!");
}

function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
