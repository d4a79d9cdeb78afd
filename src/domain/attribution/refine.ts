/** What a caller says of one call, laid over what its key fixes. */

import { PurserError } from "../error.ts";
import { invalid, show } from "../input/fields.ts";
import { type Attribution, type Dimension, dimensions } from "./attribution.ts";
import { checkTagCount, checkTagName, checkValue } from "./value.ts";

/** Values of the headers `x-purser-project`, `x-purser-tags`, ... by the last part of their names. */
export type AttributionHeaders = Readonly<Partial<Record<Dimension | "tags", string | undefined>>>;

/** What a key says of its calls. */
export interface Fixed {
  /** Cannot be changed. */
  readonly attribution: Attribution;
  /** What may be filled in. */
  readonly mayRefine: readonly (Dimension | "tags")[];
}

/**
 * Fills in what the key leaves open. What it fixes stays: a header may repeat it, not change it.
 *
 * @returns The key's own object when nothing is added to it, so that what is cached for it is found again.
 * @throws PurserError `forbidden` for a value that differs from a fixed one or a dimension that the key may not refine, and
 *   `invalid_request` for what cannot be a value; both name the header.
 */
export function refine(key: Fixed, headers: AttributionHeaders): Attribution {
  let added: { -readonly [dimension in Dimension]?: string } | undefined;
  for (const dimension of dimensions) {
    const value = headers[dimension];
    if (value === undefined) continue;
    if (isNew({ key, dimension, fixed: key.attribution[dimension], value: checkValue(value, headerOf(dimension)) })) {
      (added ??= {})[dimension] = value;
    }
  }
  const tags = headers.tags === undefined ? undefined : addedTags(key, headers.tags);
  if (!added && !tags) return key.attribution;
  return { ...key.attribution, ...added, ...(tags && { tags: { ...key.attribution.tags, ...tags } }) };
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

/** Reads `customer=c1,plan=pro`. @returns undefined when all of them are fixed by the key already. */
function addedTags(key: Fixed, text: string): Readonly<Record<string, string>> | undefined {
  const header = headerOf("tags");
  const fixed = new Map(Object.entries(key.attribution.tags ?? {}));
  const added = new Map<string, string>();
  for (const item of text.split(",")) {
    const [name, value] = readTag(item, header);
    const before = added.get(name);
    if (before !== undefined && before !== value) throw invalid(header, `gives the tag ${name} twice`, "Give each tag once.");
    if (isNew({ key, dimension: "tags", fixed: fixed.get(name), value })) added.set(name, value);
  }
  checkTagCount(fixed.size + added.size, header);
  return added.size === 0 ? undefined : Object.fromEntries(added);
}

function readTag(item: string, header: string): readonly [name: string, value: string] {
  const split = item.indexOf("=");
  if (split < 0) throw invalid(header, `has ${show(item)}, which is not a tag`, "Write tags as name=value, separated by commas.");
  const name = checkTagName(item.slice(0, split).trim(), header);
  return [name, checkValue(item.slice(split + 1).replace(/^ +| +$/g, ""), header)];
}

function headerOf(dimension: Dimension | "tags"): string {
  return `x-purser-${dimension}`;
}
