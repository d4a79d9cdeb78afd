/**
 * Matches a model id against the patterns of a budget or a key, in every spelling by which the
 * price list finds the same model.
 */

import { matchesNames } from "../../input/name-pattern.ts";
import { Memo } from "../../memo.ts";
import { namesOf } from "./model-id.ts";

/**
 * Otherwise a call could avoid a pattern by another spelling of the model, at the same price.
 *
 * @param patterns Names, or prefixes ending in `*`; a leading `!` excludes. null matches all.
 * @param id As called.
 */
export function matchesModel(patterns: readonly string[] | null, id: string): boolean {
  return patterns === null || matchesNames(patterns.map(normalPattern), namesOnce(id));
}

/** API paths before a name. */
const apiPath = /^(?:(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/)?models\/(?=[^*])/;

/** Only what every id loses: a pattern may name a region or a date on purpose. */
function normalPattern(pattern: string): string {
  const isExclusion = pattern.startsWith("!");
  const name = pattern.slice(isExclusion ? 1 : 0);
  const normal = name.toLowerCase().trim().replace(apiPath, "");
  return isExclusion ? `!${normal}` : normal;
}

const memo = new Memo<string, readonly string[]>(1000);

/** Budgets and keys ask for the same few models with each call. */
function namesOnce(id: string): readonly string[] {
  return memo.get(id) ?? memo.keep(id, allNames(id));
}

/** An id that is too long for a price still has its own name. */
function allNames(id: string): readonly string[] {
  const written = id.toLowerCase().trim();
  const bare = written.replace(apiPath, "");
  return [...new Set([written, bare, ...namesOf(written)])];
}
