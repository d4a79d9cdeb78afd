/**
 * Names of models and providers by which budgets and keys narrow what they are for: exact, or a prefix that ends in `*`. One with `!`
 * in front leaves names out.
 */

import { invalid, show } from "./fields.ts";

/**
 * @returns null, which matches every name, when nothing was given.
 * @throws PurserError `invalid_request` for an empty list, or a `*` that is not at the end.
 */
export function checkPatterns(
  patterns: readonly string[] | undefined,
  field: string,
): readonly string[] | null {
  if (patterns === undefined) return null;
  if (patterns.length === 0)
    throw invalid(
      field,
      "is an empty list, which nothing matches",
      "Leave it out to match everything.",
    );
  patterns.forEach((pattern, index) => {
    if (pattern.length <= 256 && !pattern.slice(0, -1).includes("*")) return;
    throw invalid(
      `${field}[${index}]`,
      `is ${show(pattern)}`,
      "Give an exact name, or a prefix that ends in *; with ! in front, it is left out.",
    );
  });
  return patterns;
}

/** @param patterns null matches every name; where all of them leave names out, the others match. */
export function matchesName(patterns: readonly string[] | null, name: string): boolean {
  if (patterns === null) return true;
  let matches = patterns.every(leavesOut);
  for (const pattern of patterns) {
    if (!leavesOut(pattern)) matches ||= matchesPattern(pattern, name);
    else if (matchesPattern(pattern.slice(1), name)) return false;
  }
  return matches;
}

function leavesOut(pattern: string): boolean {
  return pattern.startsWith("!");
}

function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
