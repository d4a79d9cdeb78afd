/** Names of models and providers by which budgets and keys narrow what they are for: exact, or a prefix that ends in `*`. */

import { invalid, show } from "./fields.ts";

/**
 * @returns null, which matches every name, when nothing was given.
 * @throws PurserError `invalid_request` for an empty list, or a `*` that is not at the end.
 */
export function checkPatterns(patterns: readonly string[] | undefined, field: string): readonly string[] | null {
  if (patterns === undefined) return null;
  if (patterns.length === 0) throw invalid(field, "is an empty list, which nothing matches", "Leave it out to match everything.");
  patterns.forEach((pattern, index) => {
    if (pattern.length <= 256 && !pattern.slice(0, -1).includes("*")) return;
    throw invalid(`${field}[${index}]`, `is ${show(pattern)}`, "Give an exact name, or a prefix that ends in *.");
  });
  return patterns;
}

/** @param patterns null matches every name. */
export function matchesName(patterns: readonly string[] | null, name: string): boolean {
  return patterns === null || patterns.some((pattern) => matchesPattern(pattern, name));
}

function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
