/** Validates attribution values and tag names, and parses an attribution from JSON. */

import { invalid, openFields, show } from "../input/fields.ts";
import { type Attribution, type Dimension, dimensions, maxTags } from "./attribution.ts";

/**
 * @throws PurserError `invalid_request` unless it has 1 to 128 characters, without control
 *   characters, line breaks, or leading or trailing spaces.
 */
export function checkValue(value: unknown, field: string): string {
  if (typeof value === "string" && isValue(value)) return value;
  throw invalid(field, `is ${show(value)}, which is not a valid value`, valueRemedy);
}

/**
 * @throws PurserError `invalid_request` unless it has 1 to 64 of the characters allowed in a tag
 *   name.
 */
export function checkTagName(name: string, field: string): string {
  if (/^[A-Za-z0-9._:/-]{1,64}$/.test(name)) return name;
  throw invalid(
    field,
    `is ${show(name)}, which is not a valid tag name`,
    "Use 1 to 64 of the characters A-Z a-z 0-9 . _ : / -",
  );
}

/** @throws PurserError `invalid_request` when there are more than {@link maxTags}. */
export function checkTagCount(count: number, field: string): void {
  if (count > maxTags) throw invalid(field, `has ${count} tags`, `Give at most ${maxTags} tags.`);
}

/**
 * Parses `{"project": "p1", "tags": {"customer": "c1"}}`.
 *
 * @param prefix Prepended to field names in errors: `attribution.`
 * @throws PurserError `invalid_request` naming the field.
 */
export function readAttribution(input: unknown, prefix: string): Attribution {
  const fields = openFields(input, { prefix, known: [...dimensions, "tags"] });
  const attribution: { -readonly [dimension in Dimension]?: string } = {};
  for (const dimension of dimensions) {
    const value = fields.values.get(dimension);
    if (value !== undefined) attribution[dimension] = checkValue(value, prefix + dimension);
  }
  const tags = readTags(fields.values.get("tags"), `${prefix}tags`);
  return tags === undefined ? attribution : { ...attribution, tags };
}

function readTags(input: unknown, field: string): Readonly<Record<string, string>> | undefined {
  if (input === undefined) return undefined;
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid(
      field,
      `must be an object, not ${show(input)}`,
      'Give an object of names and values, such as {"customer": "c1"}.',
    );
  }
  const tags = Object.entries(input);
  checkTagCount(tags.length, field);
  return Object.fromEntries(
    tags.map(([name, value]) => [checkTagName(name, field), checkValue(value, `${field}.${name}`)]),
  );
}

const valueRemedy =
  "Give 1 to 128 characters on one line, without control characters and without spaces at the ends.";

function isValue(value: string): boolean {
  if (value === "" || value.length > 256 || !value.isWellFormed()) return false;
  if (value.length > 128 && Array.from(value).length > 128) return false;
  return !/[\p{Cc}\p{Zl}\p{Zp}]|^\s|\s$/u.test(value);
}
