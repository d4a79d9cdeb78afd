/**
 * Matches a model id against the patterns of a budget or a key, in every spelling by which the
 * price list finds the same model.
 */

import { matchesNames } from "../../input/name-pattern.ts";
import { Memo } from "../../memo.ts";
import { namesOf } from "./model-id.ts";

/**
 * Whether a key with these patterns may call the model. An exclusion counts for every name of the
 * model; a permission only for the name as called, apart from case, spaces around it and a path:
 * a dated model or one in another region may cost more.
 *
 * @param patterns Names, or prefixes ending in `*`; a leading `!` excludes. null matches all.
 * @param id As called.
 */
export function permitsModel(patterns: readonly string[] | null, id: string): boolean {
  if (patterns === null) return true;
  const { written, all } = namesOnce(id);
  return matchesNames(patterns.map(normalPattern), { included: written, excluded: all });
}

/**
 * Whether a budget with these patterns counts the model: by any of its names, so that a call cannot
 * avoid it by another spelling. An exclusion needs the name as called.
 */
export function countsModel(patterns: readonly string[] | null, id: string): boolean {
  if (patterns === null) return true;
  const { written, all } = namesOnce(id);
  return matchesNames(patterns.map(normalPattern), { included: all, excluded: written });
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

interface ModelNames {
  /** As called, in lower case, with and without an API path. */
  readonly written: readonly string[];
  /** Also those by which it is priced. */
  readonly all: readonly string[];
}

const memo = new Memo<string, ModelNames>(1000);

/** Budgets and keys ask for the same few models with each call. */
function namesOnce(id: string): ModelNames {
  return memo.get(id) ?? memo.keep(id, modelNames(id));
}

/** An id that is too long for a price still has its own name. */
function modelNames(id: string): ModelNames {
  const lower = id.toLowerCase().trim();
  const written = [...new Set([lower, lower.replace(apiPath, "")])];
  return { written, all: [...new Set([...written, ...namesOf(lower)])] };
}
