/** Merges the attribution headers of a call into the attribution fixed by its key. */

import { PurserError } from "../error.ts";
import { invalid, show } from "../input/fields.ts";
import { type Attribution, type Dimension, dimensions } from "./attribution.ts";
import { checkTagCount, checkTagName, checkValue } from "./value.ts";

/**
 * Values of the headers `x-purser-project`, `x-purser-tags`, ... keyed by the last part of the
 * name.
 */
export type AttributionHeaders = Readonly<Partial<Record<Dimension | "tags", string | undefined>>>;

/** What a key says about its calls. */
export interface Fixed {
  /** Headers cannot change these. */
  readonly attribution: Attribution;
  /** Headers may fill in these. */
  readonly mayRefine: readonly (Dimension | "tags")[];
}

/**
 * Fills in what the key leaves open. A header may repeat a value that the key fixes, but not change
 * it.
 *
 * @returns The key's own object when nothing is added, which keeps caches keyed by it effective.
 * @throws PurserError `forbidden` for a value that differs from a fixed one or a dimension that the
 *   key may not refine, `invalid_request` for an invalid value; both name the header.
 */
export function refine(key: Fixed, headers: AttributionHeaders): Attribution {
  let added: { -readonly [dimension in Dimension]?: string } | undefined;
  for (const dimension of dimensions) {
    const value = headers[dimension];
    if (value === undefined) continue;
    if (
      isNew({
        key,
        dimension,
        fixed: key.attribution[dimension],
        value: checkValue(value, headerOf(dimension)),
      })
    ) {
      (added ??= {})[dimension] = value;
    }
  }
  const tags = headers.tags === undefined ? undefined : addedTags(key, headers.tags);
  if (!added && !tags) return key.attribution;
  return {
    ...key.attribution,
    ...added,
    ...(tags && { tags: { ...key.attribution.tags, ...tags } }),
  };
}

interface Addition {
  readonly key: Fixed;
  readonly dimension: Dimension | "tags";
  readonly fixed: string | undefined;
  readonly value: string;
}

function isNew(addition: Addition): boolean {
  const { key, dimension, fixed, value } = addition;
  if (fixed === value) return false;
  const header = headerOf(dimension);
  if (fixed !== undefined) {
    throw new PurserError("forbidden", `${header}: this key is fixed to another value`, {
      field: header,
      remedy: `Leave ${header} out, or use a key for that value.`,
    });
  }
  if (key.mayRefine.includes(dimension)) return true;
  throw new PurserError("forbidden", `${header}: this key may not set it`, {
    field: header,
    remedy: `Leave ${header} out, or use a key whose may_refine has "${dimension}".`,
  });
}

/** Parses `customer=c1,plan=pro`. @returns undefined when the key already fixes all of them. */
function addedTags(key: Fixed, text: string): Readonly<Record<string, string>> | undefined {
  const header = headerOf("tags");
  const fixed = new Map(Object.entries(key.attribution.tags ?? {}));
  const added = new Map<string, string>();
  for (const item of text.split(",")) {
    const [name, value] = readTag(item, header);
    const before = added.get(name);
    if (before !== undefined && before !== value)
      throw invalid(header, `gives the tag ${name} twice`, "Give each tag once.");
    if (isNew({ key, dimension: "tags", fixed: fixed.get(name), value })) added.set(name, value);
  }
  checkTagCount(fixed.size + added.size, header);
  return added.size === 0 ? undefined : Object.fromEntries(added);
}

function readTag(item: string, header: string): readonly [name: string, value: string] {
  const split = item.indexOf("=");
  if (split < 0)
    throw invalid(
      header,
      `has ${show(item)}, which is not a tag`,
      "Write tags as name=value, separated by commas.",
    );
  const name = checkTagName(item.slice(0, split).trim(), header);
  return [name, checkValue(item.slice(split + 1).replace(/^ +| +$/g, ""), header)];
}

function headerOf(dimension: Dimension | "tags"): string {
  return `x-purser-${dimension}`;
}
